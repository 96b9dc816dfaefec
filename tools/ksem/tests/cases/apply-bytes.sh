# SPDX-License-Identifier: GPL-2.0-only
# Lines that are not what an editor of this system would write: each is read on its own.
{
	printf '[value]\ncapacity = 1\nlabel = a\000b\n'
	printf '[after-value]\ncapacity = 2\n[he\000ader]\ncapacity = 3\n'
	printf '[after-header]\ncapacity = 4\n[end]\ncapacity = 5\000\n'
	printf '[end-of-file]\ncapacity = 6\000'
} >zero.conf
t ksem apply zero.conf
# The mark of UTF-8, where it may be and where not.
printf '\357\273\277[mark]\r\ncapacity = 1\r\n\r\n[after-mark]\r\ncapacity = 2\r\n' >mark.conf
printf '\357\273\277\n\357\273\277[second]\ncapacity = 3\n' >mark2.conf
t ksem apply mark.conf mark2.conf
# A length is one without the end of the line, whatever that is.
{
	printf '# %0195d\n# %0195d\r\n[longest]\ncapacity = 1' 0 0
	printf ' ; %0182d\n[long]\ncapacity = 2\n# %0196d\n' 0 0
	printf '[long%0200d]\ncapacity = 3\n[after-long]\ncapacity = 4' 0
} >long.conf
t ksem apply long.conf
# What the library takes for a comment closes no bracket.
printf '[above]\n[comment ; not a name]\ncapacity = 1\n[a;name] ; a comment\ncapacity = 2\n' \
	>comment.conf
t ksem apply comment.conf
t ksem apply .
t ksem ls -o name,capacity
