#!/usr/bin/env bash
# kill -9 in the middle of an import: of the client, and of the node. Nothing changes, nothing is left behind.
# usage: killed.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

listening a "Northwind Cloud"
node a import "$data/services-accounts.csv" --source sheet >/dev/null
node a source list >"$work/sources"
companies 40000 >"$work/large.csv"
built() { [ "$(find "$work/a/sources" "$work/a/tmp" -type f -size +0 | wc -l)" -gt 1 ]; } # beside the one in force
clean() { [ "$(find "$work/a/sources" "$work/a/tmp" -type f | wc -l)" = 1 ]; }
clean || die "there is more than one source to begin with"
# An import that has begun and does not go on: its input stays open.
import_half() {
  mkfifo "$work/input"
  "$mandorla" --dir "$work/a" import - --source sheet <"$work/input" >"$work/client.log" 2>&1 &
  client=$!
  (
    head -c 1500000 "$work/large.csv" || true
    exec sleep 1000
  ) >"$work/input" &
  feeder=$!
  disown "$feeder"
  others+=("$feeder")
  wait_for "a generation to be built" built
}
unchanged() {
  node a source list | cmp - "$work/sources"
  equal "$(get a accounts status)" 676 "accounts"
  node a audit verify >/dev/null
}

step "the client is killed"
for _ in 1 2; do
  import_half
  kill -9 "$client"
  wait "$client" 2>/dev/null || true
  kill -9 "$feeder"
  wait_for "the half import to go" clean
  rm "$work/input"
  unchanged
done

step "the client is interrupted"
import_half
kill -INT "$client"
kill -9 "$feeder"
code=0
wait "$client" || code=$?
[ "$code" != 0 ] || die "an interrupted import ended with exit code 0"
wait_for "the half import to go" clean
rm "$work/input"
unchanged

step "the node is killed"
import_half
stop_hard a
wait "$client" && die "the client did not notice"
contains "$work/client.log" "stopped answering|no node is serving"
kill -9 "$feeder"
built || die "the killed node left nothing to tidy"
start a
clean || die "what a killed node left was not tidied"
unchanged

step "the node is killed while it swaps a whole list in"
for wait in 0.01 0.1 0.3; do
  node a import "$work/large.csv" --source sheet >/dev/null 2>&1 &
  client=$!
  wait_for "a generation to be built" built
  sleep "$wait" # at some moment of the building and swapping: whichever it is, the list is the old or the new
  stop_hard a
  wait "$client" || true
  start a
  clean || die "what a killed node left was not tidied"
  n=$(get a accounts status)
  [ "$n" = 676 ] || [ "$n" = 40000 ] || die "$n accounts"
  node a audit verify >/dev/null
  [ "$n" = 676 ] || node a import "$data/services-accounts.csv" --source sheet >/dev/null
done
finish
