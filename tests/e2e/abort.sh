#!/usr/bin/env bash
# Rounds that are ended on purpose, waiting and running, on either side: both sides end, and both say why.
# The partner's connection goes through a relay that holds bytes back, so that a round stays where it is.
# usage: abort.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relay.sh"

A="Northwind Cloud" B="Contoso Systems"
relay_start
listening a "$A"
dialling b "$B" --proxy "socks5://$relay"
companies 200 >"$work/list.a"
companies 220 150 >"$work/list.b"
companies 30 >"$work/other"
node a import "$work/list.a" >/dev/null
node b import "$work/list.b" >/dev/null
pair a b
wait_for "the connection" connected a

has_ended() { [[ "$(state "$1" "$2")" =~ ^(aborted|refused|revoked|partial)$ ]]; }
ends() { # NAME COMPANY BY TEXT: of the newest round
  wait_for "$1 to see the end" has_ended "$1" "$2"
  node "$1" round show "$2" >"$work/shown"
  contains "$work/shown" "Why +.*$4"
  contains "$work/shown" "Ended by +$3"
  equal "$(get "$1" rounds_open.# status)" 0 "open rounds of $1"
}
promptly() { # NAME COMPANY TEXT: ended by the partner, who is gone, long before any deadline
  local since=$SECONDS
  ends "$1" "$2" "$2" "$3"
  [ $((SECONDS - since)) -le 10 ] || die "$1 learned of the end after $((SECONDS - since)) s"
}
propose() { # NAME COMPANY: a round that waits for the other side's operator
  node "$1" agreement list >"$work/agreed"
  # After an end nothing is agreed unasked.
  if ! grep -q 'in-force\|proposed-by-us\|No agreements yet' "$work/agreed"; then
    fails 2 "is in force; the last one is (rejected|revoked)" node "$1" round start "$2" --yes
    node "$1" agreement propose "$2" --yes >/dev/null
  fi
  node "$1" round start "$2" --yes >/dev/null
}
asked() { # NAME COMPANY
  wait_for "the proposal at $1" is "$1" "$2" waiting-for-approval
}
hang() { # a round of a's, at work on both sides, that cannot go on
  relay_does hold 8000
  propose a "$B"
  wait_for "a at work" is a "$B" running
  wait_for "b at work" is b "$A" running
}
calm() { # before the next step: connected again, and no round open
  relay_does pass
  wait_for "a connected" connected a
  wait_for "b connected" connected b
}

step "an agreement is rejected while a round waits for it"
propose a "$B"
waits_for_agreement() { node a round show "$B" | grep -q "Waits for .*$B to accept the agreement"; }
wait_for "what it waits for" waits_for_agreement
arrived() { node b agreement list | grep -q proposed-by-them; }
wait_for "the agreement at b" arrived
fails 2 "has proposed an agreement that waits" node b round start "$A" --yes
node b agreement reject "$A" --reason "please leave out prospects" >/dev/null
ends a "$B" "($B|us)" "rejected the agreement"
rejected() { node a agreement show "$(get a agreements.0.id agreement list)" | grep -q "please leave out prospects"; }
wait_for "the reason" rejected
fails 2 "no round with" node b round show "$A"

step "the next agreement is signed by hand; its round waits, and is refused with a reason"
propose a "$B"
wait_for "the agreement at b" arrived
node b agreement accept "$A" --yes >/dev/null
asked b "$A"
node b round show "$A" >"$work/shown"
contains "$work/shown" "Waits for +our approval: mandorla round approve"
node a round show "$B" >"$work/shown"
contains "$work/shown" "Waits for +$B to approve the round"
node b round refuse "$A" --reason "after quarter end" >/dev/null
ends a "$B" "$B" "after quarter end \(refused\)"
ends b "$A" "us" "after quarter end \(refused\)"
fails 2 "does not wait for our approval: it is refused" node b round approve "$A"
fails 2 "has ended already: it is refused" node b round abort "$A"

step "abort of a round that waits: by the proposer, then by the one who is asked"
propose a "$B"
asked b "$A"
node a round abort "$B" >/dev/null
ends a "$B" "us" "ended by the operator \(aborted\)"
ends b "$A" "$A" "ended by the operator \(aborted\)"
propose a "$B"
asked b "$A"
node b round abort "$A" >/dev/null
ends b "$A" "us" "ended by the operator"
ends a "$B" "$B" "ended by the operator"
node b partner set "$A" --accept >/dev/null
node a partner set "$B" --accept >/dev/null

step "abort of a round that runs, on each side"
hang
node a round abort "$B" >/dev/null
ends a "$B" "us" "ended by the operator \(aborted\)"
calm
ends b "$A" "$A" "(aborted)"
hang
node b round abort "$A" >/dev/null
ends b "$A" "us" "ended by the operator \(aborted\)"
calm
ends a "$B" "$B" "(aborted)"

step "an import during a round does not disturb it"
hang
node a import "$work/other" >/dev/null
node b source remove sheet --yes >/dev/null
equal "$(get a accounts status)" 30 "accounts after the import"
calm
wait_for "a's round" is a "$B" complete
wait_for "b's round" is b "$A" complete
equal "$(get a own_total matrix "$B")" 200 "accounts of the round"
equal "$(get b own_total matrix "$A")" 220 "accounts of the round"
equal "$(get a own_accounts matrix "$B")" "$(get b partner_accounts matrix "$A")" "accounts matched"
fails 3 "no account with a match key" node b round start "$A" --yes
node a round start "$B" --yes >/dev/null
ends a "$B" "$B" "\(empty-set\)"
node b import "$work/list.b" >/dev/null

step "a node that is stopped in the middle of a round"
hang
stop a
start a
calm
ends a "$B" "us" "the node was stopped \(aborted\)"
ends b "$A" "$A" "\((aborted|restarted)\)"

step "an agreement is revoked: a round that runs ends, and one that waits"
hang
node b agreement revoke "$A" --yes >/dev/null
ends b "$A" "us" "the agreement was revoked"
calm
ends a "$B" "(us|$B)" "the partner revoked the agreement|the agreement was revoked"
node a agreement list >"$work/shown"
contains "$work/shown" "revoked"
node b partner set "$A" --ask >/dev/null
propose a "$B"
wait_for "the agreement at b" arrived
node b agreement accept "$A" --yes >/dev/null
asked b "$A"
node a agreement revoke "$B" --yes >/dev/null
ends a "$B" "us" "the agreement was revoked"
ends b "$A" "(us|$A)" "revoked"
propose a "$B"
wait_for "the agreement at b" arrived
node a agreement revoke "$B" --yes >/dev/null # it waits for its agreement, which is withdrawn
ends a "$B" "us" "the agreement was revoked"
node b partner set "$A" --accept >/dev/null

step "a partner is removed while a round waits for it: it is told, and may be accepted again"
node b partner set "$A" --ask >/dev/null
node b partner invite 2>/dev/null >"$work/token.b"
propose a "$B"
wait_for "the agreement at b" arrived
node b agreement accept "$A" --yes >/dev/null
asked b "$A"
node a partner remove "$B" --yes >/dev/null
promptly b "$A" "\(aborted\)"
# Whoever gives the same token again means it.
node a partner accept - --yes <"$work/token.b" >/dev/null
node b partner set "$A" --accept >/dev/null
calm

step "a partner is removed during a round: it is told, and not heard any more"
node a round start "$B" --wait --yes --timeout "$WAIT" >/dev/null
hang
node a partner remove "$B" --yes >/dev/null
relay_does pass
promptly b "$A" "\(aborted\)"
fails 2 "no partner '$B'" node a partner set "$B" --ask
equal "$(get a rounds.0.state round list)" aborted "the round of a removed partner"
equal "$(get a rounds.0.text round list)" "the partner was removed" "why it ended"
equal "$(get a rounds_open.# status)" 0 "open rounds"
rounds=$(get a rounds.# round list)
refused_here() { [ "$(get b partners.0.state partner list)" = refused ]; }
wait_for "b to be refused" refused_here
wait_for "a to say so" says a "unknown key .* was refused"
node b round start "$A" --yes >/dev/null
wait_for "b's proposal to wait" is b "$A" waiting-for-partner
equal "$(get a rounds.# round list)" "$rounds" "rounds of a, which hears no proposal"
node b round abort "$A" >/dev/null
ends b "$A" "us" "ended by the operator"
node a audit verify >/dev/null
node b audit verify >/dev/null
stop b
finish
