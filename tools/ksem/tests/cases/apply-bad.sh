# SPDX-License-Identifier: GPL-2.0-only
# What is wrong with a section changes nothing of it, and the others go on.
cat >bad.conf <<'END'
capacity = 1
[no-capacity]
fair = yes
[empty]
[number]
capacity = many
[minus]
capacity = -1
[large]
capacity = 2147483648
[unknown]
capacity = 1
colour = red
[twice]
capacity = 1
capacity = 2
[same]
capacity = 1
[same]
capacity = 2
[max]
capacity = 3
max = 2
[no-max]
capacity = 0
max = 0
[contradiction]
capacity = 1
fair = yes
handoff = 4
[contradiction-too]
capacity = 1
signal = yes
per-process = yes
[bool]
capacity = 1
fair = perhaps
[handoff]
capacity = 1
handoff = 0
[mode]
capacity = 1
mode = 1777
[mode-too]
capacity = 1
mode = rw
[owner]
capacity = 1
owner = no-such-user
[group]
capacity = 1
group = no-such-group
[label]
capacity = 1
label = as long as this a label cannot be
[line]
capacity = 1
this is nothing
[good]
capacity = 1
[a-name-of-more-than-forty-eight-bytes-that-libinih-cuts]
capacity = 1
[not closed
capacity = 1
END
{
	printf '[long]\ncapacity = 1\nlabel = %0200d\n' 0
	printf '[after-the-long-line]\ncapacity = 1\n[last-and-empty]\n'
} >bad2.conf
# Before the first key that is right, too.
cat >bad3.conf <<'END'
[first-line]
mode 0600
capacity = 2
[first-key]
modus = 0600
capacity = 2
[after]
capacity = 1
END
printf '[first-line-long]\nlabel = %0200d\ncapacity = 2\n' 0 >>bad3.conf
t ksem apply bad.conf bad2.conf bad3.conf
t ksem ls -o name,capacity
t ksem apply --check bad2.conf
