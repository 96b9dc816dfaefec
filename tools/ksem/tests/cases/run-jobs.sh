# SPDX-License-Identifier: GPL-2.0-only
# The first use makes it. Two run, the third waits.
for _ in 1 2 3; do
	ksem run -j 2 tmp/jobs until_there end &
done
until_held tmp/jobs 2
until_waiters tmp/jobs 1
t ksem ls -o name,available,capacity,held,waiters,mode
t ksem wait -w 0.1 tmp/jobs
# One that is there keeps its capacity.
t ksem run -j 3 -N tmp/jobs echo 'must not run'
t ksem ls -o name,capacity
touch end
t ksem wait tmp/jobs
t ksem ls -o name,available,capacity,held,waiters
wait
t ksem run -j 1 -m 0600 tmp/private ksem ls -o name,mode tmp/private
(
	umask 077
	t ksem run -j 1 tmp/umask ksem ls -o name,mode tmp/umask
)
# A number is a name like another, and no file of it is made.
t ksem run 4 true
t ksem run -j 1 4 true
t ls
t ksem ls -o name
