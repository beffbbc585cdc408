#!/usr/bin/env bash
# A full disk, during an import and during a round: a clear error, the node goes on, nothing is lost.
# Needs a file system of its own: root, or a user namespace. usage: disk.sh MANDORLA HELPERS
if [ "$(id -u)" -ne 0 ] && [ -z "${MANDORLA_E2E_INSIDE:-}" ] && unshare -rm true 2>/dev/null; then
  MANDORLA_E2E_INSIDE=1 exec unshare -rm "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relay.sh"

mkdir "$work/small"
if ! mount -t tmpfs -o size=8m,mode=700 tmpfs "$work/small" 2>/dev/null; then
  echo "disk.sh: SKIPPED: no file system may be mounted here"
  exit 77
fi
fill() { head -c 100000000 /dev/zero >"$work/small/ballast" 2>/dev/null || true; }
free_up() { rm "$work/small/ballast"; }

listening small/a "Northwind Cloud"
relay_start
dialling b "Contoso Systems" --proxy "socks5://$relay"
companies 200 >"$work/list.a"
companies 200 150 >"$work/list.b"
node small/a import "$work/list.a" --source crm >/dev/null
node b import "$work/list.b" >/dev/null
pair small/a b --accept
node small/a round start "Contoso Systems" --wait --yes --timeout "$WAIT" >/dev/null
node small/a overlap "Contoso Systems" --csv >"$work/overlap.csv"
whole() { # once no write is refused any more, everything that was committed is there
  wait_for "an answer" node small/a status
  equal "$(get small/a accounts status)" 200 "accounts"
  node small/a overlap "Contoso Systems" --csv | cmp - "$work/overlap.csv"
  node small/a audit verify >/dev/null
}

step "an import that does not fit"
companies 40000 >"$work/large.csv"
fails 4 "space|full" node small/a import "$work/large.csv" --source crm
whole
equal "$(find "$work/small/a/sources" -type f | wc -l)" 1 "files in sources/"

step "a disk that is full already"
fill
fails 4 "space|full" node small/a import "$work/list.b" --source crm
wait_for "an answer" node small/a status
node small/a overlap "Contoso Systems" --csv | cmp - "$work/overlap.csv"
fails '[34]' "space|full" node small/a round start "Contoso Systems" --wait --yes --timeout "$WAIT"
free_up
whole

step "a disk that fills up while a round runs"
quiet() { [ "$(get "$1" rounds_open.# status)" = 0 ]; }
relay_does hold 8000
node b round start "Northwind Cloud" --yes >/dev/null
wait_for "a at work" is small/a "Contoso Systems" running
wait_for "b at work" is b "Northwind Cloud" running
fill
relay_does pass
wait_for "the node to say so" says small/a "round.*(no space|full)|(no space|full).*round|refused to commit.*(no space|full)"
wait_for "an answer" node small/a status
fails '*' "ended already" node small/a round abort "Contoso Systems"
free_up # nothing leaves that is not on the disk first: only now is the partner told
wait_for "b's end" quiet b
node b round show "Northwind Cloud" >"$work/shown"
contains "$work/shown" "Why +.*internal"
contains "$work/shown" "Ended by +Northwind Cloud"
wait_for "a's end" quiet small/a
node small/a round show "Contoso Systems" >"$work/shown"
contains "$work/shown" "Why +.*database refused"
contains "$work/shown" "Ended by +us"
whole
node b audit verify >/dev/null
node small/a round start "Contoso Systems" --wait --yes --timeout "$WAIT" >/dev/null
stop b
stop small/a
start small/a
whole
finish
