# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the scripts of this folder: sourced after lib.sh, never run.
#
# A private apt for packages of a suite that this machine may not use, in
# build/apt/SUITE: own sources, lists, cache and status. It needs no rights
# and leaves the machine's own apt alone. Packages are downloaded and
# unpacked under build/, never installed.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The machine's own Debian mirror where it has one, else the common one.
debian_mirror() {
	local uri

	uri=$(sed -n -E 's/^(deb .*|URIs:.*)(https?:[^ ]*\/debian)\/?( .*)?$/\2/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null |
		head -n 1) || true
	echo "${uri:-http://deb.debian.org/debian}"
}

# What SUITE (bookworm, trixie or sid) is made of. Security updates come from the
# same host as deb.debian.org has them, else from Debian's own.
apt_sources() {
	local mirror security options="arch=amd64 signed-by=$keyring"

	mirror=$(debian_mirror)
	# sid has no security suite. A mirror may have stood still for long: what it
	# has is signed all the same.
	if [[ $1 == sid ]]; then
		echo "deb [$options check-valid-until=no] $mirror sid main"
		return
	fi
	options="[$options]"
	security=http://deb.debian.org/debian-security
	case $mirror in
	*//deb.debian.org/*) security=$mirror-security ;;
	esac
	echo "deb $options $mirror $1 main"
	[[ $1 != trixie ]] || echo "deb $options $mirror $1-backports main"
	echo "deb $options $security $1-security main"
}

# The machine's way to the network (proxies, time-outs) is kept.
apt_config() {
	apt-config dump | grep -E '^Acquire::(http|https|Retries|Connect)' || true
	cat <<-END
		Dir "$1";
		Dir::Etc "etc";
		Dir::State "state";
		Dir::State::lists "lists";
		Dir::State::status "status";
		Dir::Cache "cache";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "";
		Acquire::Languages "none";
	END
}

# apt_open SUITE: make the apt commands of this process use SUITE, privately.
apt_open() {
	local dir=$build/apt/$1

	[[ -e $keyring ]] || die "no $keyring: run tools/vm/deps vm"
	lock "$build/apt/$1.lock"
	mkdir -p "$dir"/etc/{apt.conf,preferences,sources.list}.d \
		"$dir"/{state,state/lists/partial,lists/partial,cache/archives/partial}
	: >"$dir/status"
	apt_sources "$1" >"$dir/etc/sources.list"
	unset APT_CONFIG
	apt_config "$dir" >"$dir/apt.conf"
	export APT_CONFIG=$dir/apt.conf
	say "reading Debian's package lists ($1)"
	apt-get -qq -o APT::Update::Error-Mode=any update
}

# apt_newest REGEX: the newest of the packages whose whole name matches.
apt_newest() {
	local name

	name=$(apt-cache pkgnames | grep -E -x "$1" | sort -V | tail -n 1) || true
	[[ $name ]] || die "Debian has no package $1 any more"
	echo "$name"
}

# apt_unpack DIR PACKAGE...: download and unpack below DIR.
apt_unpack() {
	local dir=$1

	shift
	say "downloading $*"
	apt_fetch "$dir" download "$@"
}

# apt_unpack_all DIR PACKAGE...: the same, with all that the packages need.
apt_unpack_all() {
	local dir=$1 uris

	shift
	say "downloading $* and what they need"
	# The private status file is empty, so this is everything.
	mapfile -t uris < <(apt-get -qq --no-install-recommends --print-uris \
		install "$@" | sed -n -E "s/^'[^']*' ([^_]*)_([^_]*)_.*/\1/p")
	apt_fetch "$dir" download "${uris[@]}"
}

# apt prints addresses and progress only; its errors go to stderr.
apt_fetch() {
	local dir debs deb

	dir=$(realpath -m "$1")
	shift
	debs=$(mktemp -d "$dir.debs.XXXXXX")
	if ! (cd "$debs" && apt-get -qq "$@" >/dev/null); then
		rm -rf "$debs"
		die "download failed"
	fi
	mkdir -p "$dir"
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -rf "$debs"
}
