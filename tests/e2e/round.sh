#!/usr/bin/env bash
# Three companies, as in scripts/demo: what each learns is consistent with itself, with the other side and with the
# truth; every document is JSON; filters and pages give the same rows. usage: round.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

# Every document a command prints: kept, and checked to be JSON.
json() { # NAME COMMAND...
  node "$@" --json >"$work/json" || die "exit code of: $*"
  doc <"$work/json" || die "not JSON: $*"
}
lines() { wc -l <"$1"; }

listening vendor "Northwind Cloud"
listening partner "Contoso Systems"
dialling services "Fabrikam Services"
json vendor import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv"
equal "$(doc accounts <"$work/json")" 386 "accounts of the vendor"
json partner import "$data/partner-hubspot-companies.csv"
equal "$(doc accounts <"$work/json")" 1147 "accounts of the partner"
json services import "$data/services-accounts.csv"
equal "$(doc accounts <"$work/json")" 676 "accounts of the services company"

step "both read the same words"
pair vendor partner --accept
pair vendor services --accept
words() { sed -n '/over the phone/,/✓/p' "$1" | grep '^     [a-z]' | tr -s ' '; }
node vendor partner invite 2>/dev/null >"$work/token"
node partner partner accept - --yes <"$work/token" >"$work/said.partner"
node partner partner invite 2>/dev/null >"$work/token"
node vendor partner accept - --yes <"$work/token" >"$work/said.vendor"
[ "$(words "$work/said.vendor" | wc -w)" = 20 ] || die "not twenty words"
equal "$(words "$work/said.vendor")" "$(words "$work/said.partner")" "words"

step "rounds"
for p in "Contoso Systems" "Fabrikam Services"; do
  node vendor round start "$p" --wait --yes --timeout "$WAIT" >"$work/round.txt"
  contains "$work/round.txt" "complete"
  contains "$work/round.txt" "Receipt +signed by both sides"
done
wait_for "the partner's end" is partner "Northwind Cloud" complete
wait_for "the services company's end" is services "Northwind Cloud" complete
same_receipt() { # NAME COMPANY: whose hash is the vendor's
  equal "$(get "$1" round.receipt.hash round show "Northwind Cloud")" "$(get vendor round.receipt.hash round show "$2")" \
    "receipt"
}
same_receipt partner "Contoso Systems"
same_receipt services "Fabrikam Services"
# What left came; the last acknowledgements may find the round over.
left=$(get vendor round.bytes.out round show "Contoso Systems")
came=$(get partner round.bytes.in round show "Northwind Cloud")
if [ "$came" -gt "$left" ] || [ $((left - came)) -ge 500 ]; then die "$left bytes left, $came came"; fi

step "results, on both sides"
results() { # NAME COMPANY
  local to=$work/out/$1
  mkdir -p "$to"
  node "$1" overlap "$2" --csv >"$to/overlap.csv"
  node "$1" overlap "$2" --review --csv >"$to/review.csv"
  node "$1" whitespace "$2" --csv >"$to/whitespace.csv"
  node "$1" matrix "$2" --csv >"$to/matrix.csv"
  json "$1" matrix "$2"
  for n in own_total own_accounts partner_accounts keys review_accounts; do
    echo "$n=$(doc "$n" <"$work/json")"
  done >"$to/numbers"
  json "$1" overlap "$2"
  equal "$(doc rows.# <"$work/json")" $(($(lines "$to/overlap.csv") - 1)) "rows as JSON and as CSV"
  equal "$(doc totals.keys <"$work/json")" "$(sed -n 's/^keys=//p' "$to/numbers")" "keys in overlap and matrix"
  json "$1" whitespace "$2"
  equal "$(doc rows.# <"$work/json")" $(($(lines "$to/whitespace.csv") - 1)) "rows as JSON and as CSV"
}
results vendor "Contoso Systems"
results partner "Northwind Cloud"
"$here/results.py" "$work/out" "$data"

step "filters"
col() { python3 -c 'import csv, sys; print(sum(sys.argv[2] in r[sys.argv[1]].split(";") and (len(sys.argv) < 4 or sys.argv[4] in r[sys.argv[3]].split(";")) for r in csv.DictReader(open(sys.stdin.fileno(), newline=""))))' "$@"; }
own=$(col population customers <"$work/out/vendor/overlap.csv")
node vendor overlap "Contoso Systems" --population customers --csv >"$work/f.csv"
equal "$(col population customers <"$work/f.csv")" "$own" "customers in the overlap"
equal "$(lines "$work/f.csv")" $((own + 1)) "rows beside them"
both=$(col population prospects partner_population customers <"$work/out/vendor/overlap.csv")
node vendor overlap "Contoso Systems" --population prospects --partner-population customers --csv >"$work/f.csv"
equal "$(lines "$work/f.csv")" $((both + 1)) "prospects of ours that are their customers"
[ "$both" -gt 0 ] || die "the filter was tried on nothing"
free=$(col population customers <"$work/out/vendor/whitespace.csv")
node vendor whitespace "Contoso Systems" --population customers --csv >"$work/f.csv"
equal "$(lines "$work/f.csv")" $((free + 1)) "customers in the whitespace"
fails 2 "customers.*open-opportunities.*prospects" node vendor overlap "Contoso Systems" --population customer
fails 2 "customers.*open-opportunities.*prospects" node vendor overlap "Contoso Systems" --partner-population churned
fails 2 "customers.*open-opportunities.*prospects" node vendor whitespace "Contoso Systems" --population x
fails 2 "customers.*open-opportunities.*prospects" node vendor bundle "Contoso Systems" "Fabrikam Services" --population x

step "pages"
pages() { # RESOURCE: record ids, 37 at a time
  local cursor='' page=$work/page
  while true; do
    curl_api vendor "/v1/partners/Contoso%20Systems/$1?limit=37$cursor" >"$page"
    doc 'rows.*.record_id' <"$page"
    [ "$(doc next_cursor <"$page")" != null ] || break
    equal "$(doc rows.# <"$page")" 37 "rows of a page"
    cursor="&cursor=$(doc next_cursor <"$page")"
  done
}
whole() { get vendor 'rows.*.record_id' "$1" "Contoso Systems"; }
for r in overlap whitespace; do
  equal "$(pages $r | sha256sum)" "$(whole $r | sha256sum)" "$r by pages"
done
node vendor overlap "Contoso Systems" --limit 5 --csv >"$work/f.csv"
head -6 "$work/out/vendor/overlap.csv" | cmp - "$work/f.csv"

step "bundle"
json vendor bundle "Contoso Systems" "Fabrikam Services"
cp "$work/json" "$work/bundle.json"
get vendor 'rows.*.record_id' overlap "Contoso Systems" | sort >"$work/x"
get vendor 'rows.*.record_id' overlap "Fabrikam Services" | sort >"$work/y"
part() { doc "$1.rows.*.record_id" <"$work/bundle.json" | sort | cmp - <(comm "$2" "$work/x" "$work/y"); }
part both -12
part only.0 -23
part only.1 -13
equal "$(doc both.count <"$work/bundle.json")" "$(comm -12 "$work/x" "$work/y" | wc -l)" "accounts that both have"
[ "$(doc both.count <"$work/bundle.json")" -gt 0 ] || die "the bundle was tried on nothing"
fails 2 "both are Contoso Systems" node vendor bundle "Contoso Systems" "contoso systems"

step "every document is JSON"
json vendor status
json vendor source list
json vendor partner list
json vendor agreement list
json vendor agreement show "Contoso Systems"
json vendor round list
json vendor audit list
json vendor audit verify
equal "$(doc ok <"$work/json")" true "the log"
equal "$(doc receipts <"$work/json")" 2 "receipts"
json vendor partner invite
json vendor partner set "Contoso Systems" --accept
json vendor key "Contoso GmbH" https://www.contoso.com
json vendor overlap "Contoso Systems" --review
json vendor version
json vendor import "$data/services-accounts.csv" --preview
json services audit verify
json partner audit verify
finish
