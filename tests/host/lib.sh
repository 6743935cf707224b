# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share: results, and an agent that runs while something is done.
# Set before: build. Set here: quern, work (a folder that goes at the end).
# shellcheck shell=bash
quern=${build:?}/src/quern
work=$(mktemp -d)
agent=
passed=0 failed=0 skipped=0
trap 'stop; rm -rf "$work"' EXIT

ok() { echo "ok $1" && passed=$((passed + 1)); }
not_ok()
{
	echo "not ok $1"
	[ ! -s "$work/err" ] || sed 's/^/  /' "$work/err" | tail -n 15
	failed=$((failed + 1))
}
skip() { echo "ok $1 # SKIP $2" && skipped=$((skipped + 1)); }
check()
{
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}
result()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

# start CONFIG OPTION…: run the agent with this configuration until it is ready. Its events, as JSON,
# go to out, its log to err.
start()
{
	printf 'cache_dir: %s/cache\nrun_dir: %s/run\nsinks: [console: {format: json}]\n%s\n' \
		"$work" "$work" "$1" >"$work/quern.yaml"
	shift
	rm -f "$work"/{out,err}
	touch "$work/err"
	"$quern" run -c "$work/quern.yaml" "$@" >"$work/out" 2>>"$work/err" &
	agent=$!
	for _ in $(seq 600); do
		grep -q 'ready probes=' "$work/err" && return 0
		kill -0 "$agent" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

stop()
{
	[ -n "$agent" ] || return 0
	kill -TERM "$agent" 2>/dev/null
	wait "$agent"

	agent=
}

# count FILTER: events that jq's filter selects; every line has to be valid JSON.
count() { jq -c "select($1)" "$work/out" 2>>"$work/err" | wc -l; }
expect() { [ "$(count "$2")" = "$1" ] || { echo "  $2: $(count "$2") instead of $1" && return 1; }; }
at_least() { [ "$(count "$2")" -ge "$1" ]; }
