# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What contrib/run, contrib/test and contrib/dev share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# "a|b" is whichever of the two this release has: names differ between Debian and Ubuntu.
packages_build=(
	gcc libc6-dev meson pkg-config
	libbpf-dev libbpfcc-dev libcurl4-openssl-dev libelf-dev libjansson-dev
	libssl-dev libyaml-dev libzstd-dev zlib1g-dev
)
packages_test=(
	"bpftool|linux-tools-common" clang "clang-format-14|clang-format" cppcheck jq
	"libclang-rt-14-dev|libclang-rt-dev" libcmocka-dev llvm
	"linux-headers-amd64|linux-headers-generic" procps shellcheck zstd
)
packages_bench=(bpftrace)

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Progress goes to stderr: stdout belongs to what is run in the end.
say()
{
	printf '== %s\n' "$*" >&2
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root and there is no sudo: run it as root"
	fi
}

# step LOG TEXT COMMAND…: one line of progress; the command's output goes to the log, and to the
# terminal when it fails.
step()
{
	local log=$1 text=$2
	shift 2
	say "$text"
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		die "$text: failed; all of it is in $log"
	fi
}

installed()
{
	local status
	status=$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null) || return 1
	grep -qx installed <<<"$status"
}

# Install those of the packages that are missing.
need()
{
	local -a missing=() names
	local package name
	command -v dpkg-query >/dev/null ||
		die "this installs packages with apt on Debian and Ubuntu; elsewhere install by hand: $*"
	for package; do
		IFS='|' read -ra names <<<"$package"
		for name in "${names[@]}"; do
			installed "$name" && continue 2
		done
		missing+=("$package")
	done
	[ ${#missing[@]} = 0 ] && return
	step "$root/build/apt-update.log" "apt-get update" as_root apt-get -q update
	names=()
	for package in "${missing[@]}"; do
		names+=("$(first_known "$package")")
	done
	step "$root/build/apt-install.log" "apt-get install ${names[*]}" \
		as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends "${names[@]}"
}

first_known()
{
	local -a names
	local name
	IFS='|' read -ra names <<<"$1"
	for name in "${names[@]}"; do
		if apt-cache show "$name" >/dev/null 2>&1; then
			printf '%s\n' "$name"
			return
		fi
	done
	printf '%s\n' "${names[0]}"
}

# build DIR [MESON-OPTION…] [-- TARGET…]: configure once, then bring it up to date.
build()
{
	local dir=$1
	local -a options=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -gt 0 ] && shift
	[ -f "$root/$dir/build.ninja" ] ||
		step "$root/$dir/setup.log" "configuring $dir" \
			meson setup "${options[@]}" "$root/$dir" "$root"
	step "$root/$dir/build.log" "building $dir" ninja -C "$root/$dir" "$@"
}
