#!/bin/sh
# now.sh DUMP KIND: a round as this build speaks it, against the protocol as written.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$1" "$2" >"$out"
python3 "$(dirname "$0")/verify_transcript.py" "$out"
