#!/usr/bin/env bash
# Two nodes, one round, clients at work meanwhile: small enough to run under ThreadSanitizer.
# usage: two.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

listening a "Northwind Cloud"
listening b "Contoso Systems"
step "import on both sides at once"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" >"$work/import.a" &
one=$!
node b import "$data/partner-hubspot-companies.csv" >"$work/import.b"
wait "$one"
pair a b --accept
wait_for "the connection" connected a

step "a round, with clients that look on, and an import in the middle"
node a round start "Contoso Systems" --wait --yes --timeout "$WAIT" >"$work/round" &
one=$!
for _ in 1 2 3; do
  node a status >/dev/null
  node b status >/dev/null
done
node b import "$data/services-accounts.csv" --source sheet >/dev/null
wait "$one"
wait_for "the other side" is b "Northwind Cloud" complete
equal "$(get a own_accounts matrix "Contoso Systems")" "$(get b partner_accounts matrix "Northwind Cloud")" "accounts"
node a audit verify >/dev/null
node b audit verify >/dev/null
finish
