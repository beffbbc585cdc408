#!/usr/bin/env bash
# Imports at a running node: a preview says what the import then does, and mistakes say what to mend.
# usage: import.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

dialling a "Northwind Cloud"
# Two rows of one record, two keyless rows of one record, deals, a rejected row, a shared domain.
cat >"$work/accounts.csv" <<'CSV'
Account ID,Account Name,Website,Type,Segment
A1,Acme GmbH,acme.com,Customer,Gold
A1,Acme GmbH,acme.com,Prospect,Silver
A2,Globex Corp,globex.net,,Gold
A3,Initech,initech.com,,Silver
A4,N/A,,,Silver
A4,N/A,,,Silver
A5,"Hooli" Inc,hooli.com,,
CSV
cat >"$work/deals.csv" <<'CSV'
Opportunity ID,Account ID,Opportunity Name,Stage,Amount
O1,A3,Renewal,Negotiation,100
O2,A9,Lost track,Negotiation,100
CSV

# Every figure of the two documents; only the time and the word itself may differ.
figures() { doc <"$1" | sed -E 's/"seconds": ?[0-9.e+-]+//; s/"preview": ?(true|false)//'; }
same() { # IMPORT ARGUMENTS...
  node a import "$@" --preview --json >"$work/preview.json"
  equal "$(doc preview <"$work/preview.json")" true "preview"
  lacks <(node a source list --json) '"rows_read"'
  node a import "$@" --json >"$work/import.json"
  equal "$(figures "$work/preview.json")" "$(figures "$work/import.json")" "preview of $*"
}

step "a preview counts what the import counts"
same "$work/accounts.csv" "$work/deals.csv" --source crm
equal "$(doc accounts <"$work/preview.json")" 4 "accounts"
equal "$(doc duplicates.record_ids <"$work/preview.json")" 2 "repeated rows"
equal "$(doc 'populations.*.accounts' <"$work/preview.json" | xargs)" "1 1 2" "populations"
equal "$(doc without_key.count <"$work/preview.json")" 1 "accounts without a key"
equal "$(doc 'without_key.reasons.*.count' <"$work/preview.json" | xargs)" 1 "why"
equal "$(doc without_key.first.# <"$work/preview.json")" 1 "rows named"
same "$work/accounts.csv" --source crm --population "gold: Segment = Gold" --population "prospects: Type = Prospect"
equal "$(doc 'populations.*.accounts' <"$work/preview.json" | xargs)" "1 0 1 2" "populations"
equal "$(doc no_population <"$work/preview.json")" 2 "accounts in none"
node a import "$work/accounts.csv" --preview >"$work/text"
contains "$work/text" 'nothing was changed'
contains "$work/text" '^ *Accounts +4$'
contains "$work/text" '^prospects +3$'

step "a preview leaves nothing"
before=$(ls "$work/a/sources")
node a import "$work/accounts.csv" --source other --preview >/dev/null
node a import "$work/deals.csv" --source other --preview >"$work/text"
contains "$work/text" 'No account: the import would be refused'
equal "$(ls "$work/a/sources")" "$before" "files of the sources"
equal "$(get a sources.# source list)" 1 "sources"
companies 5000 >"$work/many.csv"
same "$work/many.csv" --source many
equal "$(doc accounts <"$work/preview.json")" 5000 "accounts"

step "a rule over columns of different files, and a header cut in the wrong place"
fails 2 'no file has all the columns of its rule; "segment" and "STAGE" stand in different files' \
  node a import "$work/accounts.csv" "$work/deals.csv" --source x --population "vip: segment = Gold and STAGE = Won"
fails 2 'accounts.csv: cut at .;., the header has 1 column: .*The delimiter is rather .,.' \
  node a import "$work/accounts.csv" --source x --delimiter ';' --map "Account Name=name"
lacks "$work/said" 'Columns found in|--map'

finish
