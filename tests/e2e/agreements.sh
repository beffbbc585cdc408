#!/usr/bin/env bash
# Agreements as an operator makes them: a draft, edited, proposed, changed, asked for more, exported and verified.
# usage: agreements.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

A="Northwind Cloud" B="Contoso Systems"
listening a "$A"
dialling b "$B"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" >/dev/null
node b import "$data/partner-hubspot-companies.csv" >/dev/null
pair a b
wait_for "the connection" connected a

count() { get "$1" agreements.# agreement list; }
has_state() { node "$1" agreement list | grep -q "$2"; }          # NAME STATE
arrives() { wait_for "a proposal at $1" has_state "$1" proposed-by-them; }
in_force() { get "$1" agreement.id agreement show "$2"; }          # NAME COMPANY

step "a draft, and files that are none"
node a agreement draft "$B" -o "$work/terms" >"$work/said"
contains "$work/said" "✓ Terms written to .*/terms"
fails 2 "terms' is there already" node a agreement draft "$B" --output "$work/terms"
node a agreement draft "$B" | cmp - "$work/terms"
equal "$(grep -c ' = counts$' "$work/terms")" 9 "cells of a draft"
lacks "$work/terms" '= accounts$'
wrong() { # TEXT SED-COMMAND
  sed "$2" "$work/terms" >"$work/wrong"
  fails 2 "$1" node a agreement propose "$B" "$work/wrong" --yes
}
line=$(grep -n '^min_result' "$work/terms" | cut -d: -f1)
wrong "wrong, line $line: min_result: expected a whole number from 0 to 4294967295, found 'few'" 's/^min_result = .*/min_result = few/'
wrong "line $line: \[caps\] has no 'min_results'; it has max_keys_round, " 's/^min_result/min_results/'
wrong "found 'sums'; known here are hidden, counts and accounts" "\$s/counts/sums/"
wrong "the cell customers : customers stands in line [0-9]+ already" "\$s/.*/customers:customers=hidden/"
wrong "there is no 'custmers' here; there are 'customers'" 's/^customers : customers/custmers : customers/'
wrong "every cell is hidden" 's/= counts$/= hidden/'
printf '[cells]\ncustomers : \0prospects = counts\n' >"$work/wrong"
fails 2 "wrong, line 2: a NUL byte" node a agreement propose "$B" "$work/wrong" --yes
printf '[agreement]\npurpose = \344\n' >"$work/wrong"
fails 2 "wrong: expected text in UTF-8" node a agreement propose "$B" "$work/wrong" --yes
head -c 70000 /dev/zero | tr '\0' ' ' >"$work/wrong"
fails 2 "has more than 65536 bytes" node a agreement propose "$B" "$work/wrong" --yes
fails 2 "cannot be opened: No such file" node a agreement propose "$B" "$work/missing" --yes
fails 2 "days: a file says everything" node a agreement propose "$B" "$work/terms" --days 3 --yes
equal "$(count a)" 0 "agreements after all this"

step "seen before it is signed"
sed -i 's/^customers : prospects .*/customers : prospects = accounts/; s/^prospects : prospects .*/prospects : prospects = hidden/' "$work/terms"
sed -i 's/^purpose = .*/purpose = joint campaign; spring [2027]/; s/^min_change = .*/min_change = 0/' "$work/terms"
node a agreement propose "$B" "$work/terms" --preview >"$work/shown"
contains "$work/shown" '^What Contoso Systems will learn of ours$'
contains "$work/shown" '^What we will learn of Contoso Systems$'
contains "$work/shown" '^customers +counts +counts +accounts +accounts +141 +309$'
contains "$work/shown" 'how many match keys of type domain there are'
lacks "$work/shown" 'there is no population'
contains "$work/shown" '^prospects +counts +counts +· +counts +107 +242$'
contains "$work/shown" 'would be signed: --preview --full$'
node a agreement propose "$B" "$work/terms" --preview --full >"$work/shown2"
contains "$work/shown2" '^Signed too$'
contains "$work/shown" '^effective +counts +counts +accounts$'
contains "$work/shown" 'Purpose +joint campaign; spring \[2027\]$'
lacks "$work/shown" $'\033|│'
equal "$(count a)" 0 "agreements after a preview"
node a agreement propose "$B" - --yes <"$work/terms" >/dev/null
arrives b
node b agreement show "$A" >"$work/shown"
contains "$work/shown" '^prospects +accounts +counts +· +accounts '
node b agreement show "$A" --full >"$work/full"
contains "$work/full" '^Signed too$'
contains "$work/full" '^    [0-9a-f]{64}$'
node b agreement accept "$A" --yes >/dev/null
wait_for "the agreement in force" has_state a in-force
node a agreement draft "$B" --from "$(in_force a "$B")" >"$work/again"
diff <(sed -n '/^\[agreement\]/,$p' "$work/terms" | tr -s ' ') <(sed -n '/^\[agreement\]/,$p' "$work/again" | tr -s ' ')

step "a round under it: a person on each side lets it run"
node a round start "$B" --yes >/dev/null
asked() { is b "$A" waiting-for-approval; }
wait_for "the round at b" asked
node b round approve "$A" >/dev/null
wait_for "the round at a" is a "$B" complete
wait_for "the round at b" is b "$A" complete
equal "$(get a round.keys.matched round show "$B")" "$(get b round.keys.matched round show "$A")" "matched keys"

step "side by side on a wide terminal, below each other on a narrow one"
wide() { script -qec "stty cols $1; COLUMNS=$1 $mandorla --dir $work/b agreement show '$A'" /dev/null; }
wide 130 >"$work/wide"
contains "$work/wide" 'What Northwind Cloud will learn of ours.* │ .*What we will learn of Northwind Cloud'
wide 70 >"$work/narrow"
lacks "$work/narrow" '│'

step "a record that proves itself"
node a agreement export "$B" -o "$work/record" >/dev/null
node b agreement export "$A" | cmp - "$work/record"
verify() { env -u HOME timeout 60 "$mandorla" --dir "$work/nowhere" agreement verify "$@"; }
verify "$work/record" --in-force >"$work/said"
contains "$work/said" 'No revocation in this record; valid until 20'
contains "$work/said" 'revoked or replaced since this record was written, only a node knows'
lacks "$work/said" 'in-force'
equal "$(verify "$work/record" --json | doc state)" not-revoked "state of the record"
contains "$work/said" "customers : prospects = accounts|prospects : customers = accounts"
words=$(get a fingerprint status)
contains "$work/said" "words +$words"
equal "$(verify "$work/record" --json | doc id)" "$(in_force a "$B")" "id of the record"
size=$(wc -c <"$work/record")
for at in 0 40 "$((size / 2))" "$((size - 200))" "$((size - 2))"; do
  head -c "$at" "$work/record" >"$work/altered"
  printf '!' >>"$work/altered"
  tail -c +"$((at + 2))" "$work/record" >>"$work/altered"
  fails 3 "record|does not verify" verify "$work/altered"
done
fails 2 "cannot be opened" verify "$work/missing"

step "asked for more: refused with a reason, then granted"
before=$(in_force a "$B")
fails 2 "level accounts is agreed already" node a round request "$B" --cell customers:prospects --yes
fails 2 "cell OURS:THEIRS is missing" node a round request "$B" --yes
node a round request "$B" --cell customers:customers --reason "who owns them?" --yes >/dev/null
arrives b
node b status >"$work/shown"
contains "$work/shown" 'Northwind Cloud asks for more: customers : customers, from counts by domain to accounts'
contains "$work/shown" 'who owns them\?'
node b agreement show "$A" >"$work/shown"
contains "$work/shown" "Changes against the one in force, ${before:0:12}"
contains "$work/shown" 'customers : customers: counts by domain → accounts  \(discloses more\)'
lacks "$work/shown" 'valid from'
contains "$work/shown" 'mandorla agreement show [0-9a-f]{12} --full$'
node b agreement reject "$A" --reason "not before the fair" >/dev/null
wait_for "the refusal" has_state a rejected
node a agreement show "$(get a agreements.0.id agreement list)" >"$work/shown"
contains "$work/shown" 'Reason +not before the fair'
equal "$(in_force a "$B")" "$before" "the agreement in force after a refusal"
node a round request "$B" --cell customers:customers --level accounts --yes >/dev/null
arrives b
node b agreement accept "$A" --yes >/dev/null
wait_for "the older one replaced at a" has_state a replaced
wait_for "the older one replaced at b" has_state b replaced
equal "$(in_force a "$B")" "$(in_force b "$A")" "the agreement in force"
[ "$(in_force a "$B")" != "$before" ] || die "the older one is still in force"
equal "$(node a agreement list | grep -c in-force)" 1 "agreements in force"

step "a name that stands for nothing here"
node b agreement amend "$A" --cell customers:kunden=counts --preview >"$work/shown"
contains "$work/shown" "! $A has named no population kunden so far"
node b agreement amend "$A" --cell customers:kunden=counts --yes >/dev/null
arrives a
node a agreement show "$B" >"$work/shown"
contains "$work/shown" '! there is no population kunden here'
node a agreement reject "$B" >/dev/null

step "less again, then nothing"
node b agreement amend "$A" --cell customers:customers=hidden --cell prospects:customers=counts --yes >/dev/null
arrives a
node a agreement show "$B" >"$work/shown"
contains "$work/shown" 'customers : customers: accounts → hidden  \(discloses less\)'
node a agreement accept "$B" --yes >/dev/null
equal "$(get a agreement.level agreement show "$B")" counts "level"
node a agreement revoke "$B" --yes >/dev/null
wait_for "the end at b" has_state b revoked
node b agreement export "$(get b agreements.0.id agreement list)" >"$work/record"
fails 3 "not in force: it is revoked" verify "$work/record" --in-force
verify "$work/record" >"$work/said"
contains "$work/said" 'It is revoked'
node a agreement show "$B" >"$work/said"
contains "$work/said" "Revoked by +us, 20.*; confirmed by $B"
node b agreement show "$A" >"$work/said"
contains "$work/said" "Revoked by +$A, 20.*; confirmed by us"
fails 2 "the last one is revoked.*agreement draft" node a round start "$B" --yes
fails 2 "nothing from $B waits for an answer" node a agreement accept "$B" --yes
fails 2 "no agreement with $A is in force that could be changed" node b agreement amend "$A" --cell a:b=counts --yes
node a audit verify >/dev/null
node b audit verify >/dev/null
node a audit list --limit 500 >"$work/log"
contains "$work/log" 'replaced by a newer one'
finish
