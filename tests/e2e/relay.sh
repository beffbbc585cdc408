# relay.sh: the SOCKS5 proxy of relay.py for a test, sourced after lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # work and here are lib.sh's; relay is the test's
relay_count=0
relay_start() {
  mkdir -p "$work/relay"
  "$here/relay.py" "$work/relay" >"$work/relay.log" 2>&1 &
  others+=($!)
  wait_for "the relay" test -s "$work/relay/port"
  relay=127.0.0.1:$(cat "$work/relay/port")
}
relay_obeyed() { cmp "$work/relay/command" "$work/relay/obeyed"; }
relay_does() { # pass | hold BYTES | cut
  relay_count=$((relay_count + 1))
  echo "$1 $relay_count ${2:-}" >"$work/relay/command.new"
  mv "$work/relay/command.new" "$work/relay/command"
  wait_for "the relay to $1" relay_obeyed
}
