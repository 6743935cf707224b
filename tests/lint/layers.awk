# SPDX-License-Identifier: Apache-2.0
# awk -f layers.awk layers FILE…, run in src/: every #include "…" goes down the layers, never up.
FNR == NR {
	sub(/#.*/, "")
	if (NF) {
		layer = $1
		sub(/:/, "", layer)
		known[layer]
		for (i = 2; i <= NF; i++)
			may[layer, $i]
	}
	next
}
FNR == 1 {
	layer = FILENAME
	if (!sub(/\/.*/, "", layer))
		layer = "main"
	if (!(layer in known))
		complain("a folder that tests/lint/layers does not know")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	header = target = part[2]
	if (target ~ /\.inc$/)
		next # made by the build, beside what includes it
	if (!sub(/\/.*/, "", target))
		complain("\"" header "\": an include names the layer, \"layer/name.h\"")
	else if (target != layer && !((layer, target) in may) && !((layer, header) in may))
		complain(layer " may not include " header)
}
function complain(what)
{
	printf "src/%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}
END { exit bad }
