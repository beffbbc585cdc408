#!/usr/bin/env bash
# How partners reach each other: through a SOCKS5 proxy, over IPv6, later, both at once; and proposals that cross.
# usage: reach.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relay.sh"

list() { # NAME FROM: two hundred accounts
  companies 200 "$2" >"$work/list.csv"
  node "$1" import "$work/list.csv" >/dev/null
}
complete() { wait_for "$1: the round" is "$1" "$2" complete; }
agree() { # NAME COMPANY NAME COMPANY: the newest round has the same result on both sides
  complete "$1" "$4"
  complete "$3" "$2"
  equal "$(get "$1" round.id round show "$4")" "$(get "$3" round.id round show "$2")" "round"
  equal "$(get "$1" round.receipt.hash round show "$4")" "$(get "$3" round.receipt.hash round show "$2")" "receipt"
  [ "$(get "$1" round.keys.matched round show "$4")" -gt 0 ] || die "nothing matched"
}

step "a node that only dials out, through a SOCKS5 proxy"
relay_start
listening a "Northwind Cloud"
dialling b "Contoso Systems" --proxy "socks5://$relay"
list a 1
list b 150
pair a b --accept
wait_for "the connection" connected b
contains "$work/relay/seen" "^1 127.0.0.1 $(get a endpoint status | sed 's/.*://')$"
equal "$(get b endpoint status)" null "endpoint of the node that only dials"
fails 2 "neither .* has an endpoint" node b partner accept "$(dialling c "Initech" >/dev/null; node c partner invite 2>/dev/null)" --yes
node a round start "Contoso Systems" --wait --yes --timeout "$WAIT" >/dev/null
agree a "Northwind Cloud" b "Contoso Systems"

step "a connection that is cut in the middle of a round"
relay_does hold 10000
node b round start "Northwind Cloud" --yes >/dev/null
wait_for "the round to be at work" is a "Contoso Systems" running
wait_for "the round to be at work" is b "Northwind Cloud" running
relay_does cut
agree a "Northwind Cloud" b "Contoso Systems"

step "a round proposed while the partner is away"
stop b
away() { [ "$(get a partners.0.state partner list)" = away ]; }
wait_for "a to notice" away
fails 3 "waiting-for-partner, waiting for Contoso Systems to connect; it goes on: mandorla round show" \
  node a round start "Contoso Systems" --wait --timeout 1 --yes
node a round show "Contoso Systems" >"$work/shown"
contains "$work/shown" "Waits for +Contoso Systems to connect"
node a status >"$work/shown"
contains "$work/shown" "waiting-for-partner.*Contoso Systems to connect"
id=$(get a round.id round show "Contoso Systems")
fails 2 "round ${id:0:8} with Contoso Systems is still open.*round abort" node a round start "Contoso Systems" --yes
# It survives a restart of the proposer.
stop a
start a
is a "Contoso Systems" waiting-for-partner
start b
agree a "Northwind Cloud" b "Contoso Systems"
equal "$(get a round.id round show "Contoso Systems")" "$id" "the round that waited"
stop b
stop a

step "both have an endpoint, both dial at once; over IPv6 where there is ::1"
six=127.0.0.1
if [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null || echo 1)" = 0 ]; then
  six='[::1]'
else
  step "SKIPPED: IPv6: this machine has no ::1"
fi
listening d "Fabrikam Services"
listening e "Globex" "$six"
list d 1
list e 150
pair d e --accept
wait_for "d to be connected" connected d
wait_for "e to be connected" connected e
equal "$(get d partners.0.endpoint partner list | sed 's/:[0-9]*$//')" "tcp://$six" "endpoint as pinned"
node d round start Globex --wait --yes --timeout "$WAIT" >/dev/null
agree d "Fabrikam Services" e Globex

step "proposals that cross"
quiet() { [ "$(get d rounds_open.# status)$(get e rounds_open.# status)" = 00 ]; }
receipts() { doc 'rounds.*.receipt' <"$1" | grep -o '"hash":"[0-9a-f]*"' | sort; }
for try in 1 2 3; do
  node d round start Globex --yes >"$work/one" 2>&1 &
  p=$!
  node e round start "Fabrikam Services" --yes >"$work/two" 2>&1 || contains "$work/two" "is still open"
  wait "$p" || contains "$work/one" "is still open"
  wait_for "the rounds to end" quiet
  # One round ran; what else was proposed was withdrawn.
  for n in d e; do
    node $n round list --json >"$work/rounds.$n"
    equal "$(doc 'rounds.*.state' <"$work/rounds.$n" | grep -c complete)" $((try + 1)) "rounds of $n that ran"
  done
  equal "$(receipts "$work/rounds.d")" "$(receipts "$work/rounds.e")" "receipts"
done
crossed=$(cat "$work"/rounds.? | grep -c '"withdrawn: the partner.s proposal crossed it"' || true)
step "proposals that crossed on the way: $crossed"
finish
