#!/usr/bin/env bash
# Populations by rule, private accounts and objections, on the demonstration lists, and a round without who objected.
# usage: populations.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

listening a "Northwind Cloud"
dialling b "Contoso Software"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" --source crm >/dev/null
node a import "$data/services-accounts.csv" --source services >/dev/null
node b import "$data/partner-hubspot-companies.csv" >/dev/null
size() { node a population list --json | python3 -c 'import json,sys
print(next(p["accounts"] for p in json.load(sys.stdin)["populations"] if p["name"] == sys.argv[1]))' "$1"; }
left() { get a "total.left_out.$1" population list; } # private|suppressed

step "a rule is asked of every account there is, and saves nothing by looking"
# The same question, put to the files themselves.
python3 - "$data" >"$work/truth" <<'PY'
import csv, sys
d = sys.argv[1] + "/"
accounts = {r["Id"][:15]: r for r in csv.DictReader(open(d + "vendor-salesforce-accounts.csv", encoding="utf-8-sig"))
            if r["IsDeleted"] != "true"}
deals = list(csv.DictReader(open(d + "vendor-salesforce-opportunities.csv", encoding="utf-8-sig")))
mine = lambda o: accounts.get(o["AccountId"][:15])
won = {o["AccountId"][:15] for o in deals if mine(o) and o["StageName"] == "Closed Won"}
big = {o["AccountId"][:15] for o in deals
       if mine(o) and float(o["Amount"] or 0) >= 50000 and mine(o)["Industry"] in ("Energy", "Education")}
print(len(won), len(big), sum(r["Owner.Name"] == "Priya Raman" for r in accounts.values()),
      sum(r["NumberOfEmployees"] == "" for r in accounts.values()))
PY
read -r won big priya unknown <"$work/truth"
equal "$(get a accounts population preview 'stage = "Closed Won"')" "$won" "closed won"
equal "$(get a accounts population preview 'STAGENAME = "closed won" and not (id empty)')" "$won" "by the header"
equal "$(get a accounts population preview 'amount >= 50000 and industry in (Energy, Education)')" "$big" "deal and account"
equal "$(get a accounts population preview '"Owner.Name" = "Priya Raman"')" "$priya" "owner"
equal "$(get a accounts population preview 'NumberOfEmployees empty')" "$unknown" "without employees"
fails 2 "no imported file has a column 'Stge'.*StageName" node a population preview 'Stge = won'
fails 2 'expected an operator' node a population add x 'stage'
equal "$(get a 'populations.*.name' population list | xargs)" "customers open-opportunities prospects" "populations"

step "populations are added without an import, for later imports too"
node a population add won 'stage = "Closed Won"' >"$work/said"
contains "$work/said" 'Population won'
contains "$work/said" 'services.*has no column stage'
node a population add priya '"Owner.Name" = "Priya Raman"' --json >/dev/null
equal "$(size won)" "$won" "won"
equal "$(size priya)" "$priya" "priya"
fails 2 'already' node a population add won 'stage = lost'
fails 2 'standard' node a population remove prospects
head -100 "$data/vendor-salesforce-accounts.csv" >"$work/less.csv"
node a import "$work/less.csv" "$data/vendor-salesforce-opportunities.csv" --source crm >"$work/said"
contains "$work/said" 'POPULATION +ACCOUNTS +BEFORE +CHANGE'
contains "$work/said" "won +[0-9]+ +$won +-[0-9]+"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" --source crm >/dev/null
equal "$(size won)" "$won" "won again"
node a population remove priya --yes >/dev/null
equal "$(get a 'populations.*.name' population list | xargs)" "customers open-opportunities prospects won" "populations"

step "a round before anybody objects"
pair a b --accept
get a round.id round start "Contoso Software" --wait >"$work/first"
equal "$(state a "$(cat "$work/first")")" complete "first round"
before=$(get b round.keys.partner round show "$(cat "$work/first")")
matched=$(get a totals.own_accounts overlap "Contoso Software" --limit 1)

step "who objects is in no list from then on"
# An account that the partner has too, by its website.
node a overlap "Contoso Software" --json >"$work/overlap"
site=$(python3 -c 'import json,sys
rows = json.load(open(sys.argv[1]))["rows"]
print(next(r["website"] for r in rows if r["source"] == "crm" and r["website"].startswith("http")))' "$work/overlap")
gone=$(get a entries.0.accounts suppress add "$site" --preview)
equal "$(left suppressed)" 0 "a preview leaves nobody out"
[ "$gone" -ge 1 ] || die "$site suppresses nobody"
node a suppress add "$site" --reason "Art. 21, letter of 3 May" --yes >"$work/said"
contains "$work/said" 'Left out of every round'
equal "$(left suppressed)" "$gone" "left out"
get a round.id round start "Contoso Software" --wait >"$work/second"
equal "$(state a "$(cat "$work/second")")" complete "second round"
after=$(get b round.keys.partner round show "$(cat "$work/second")")
[ "$after" -lt "$before" ] || die "the partner still sees $after keys of $before"
equal "$after" "$(get a round.keys.own round show "$(cat "$work/second")")" "both sides"
[ "$(get a totals.own_accounts overlap "Contoso Software" --limit 1)" -lt "$matched" ] || die "it still matches"
node a overlap "Contoso Software" --json >"$work/overlap"
lacks "$work/overlap" "$site"
contains "$work/a.log" "$gone accounts left out: 0 private by rule, $gone by objection"
node a audit list --after 0 --limit 2000 --json >"$work/log"
contains "$work/log" 'suppress add: 1 entry'
lacks "$work/log" "Art. 21|letter"
node a audit verify >/dev/null

step "an import does not bring it back"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" --source crm >"$work/said"
contains "$work/said" 'left out by objection'
equal "$(left suppressed)" "$gone" "left out"
printf 'value;country;reason\nfree@gmail.com\n' >"$work/list.txt"
fails 2 'line 2, nothing was changed.*gmail' node a suppress import "$work/list.txt" --yes
printf '# ours\ncrm:00100000000TN2Q\n%s\n' "$site" >"$work/list.txt"
equal "$(get a 'entries.*.already' suppress import "$work/list.txt" --yes | xargs)" "false true" "on the list"
equal "$(left suppressed)" $((gone + 1)) "left out"
node a suppress remove "$site" --yes >/dev/null
node a suppress remove crm:00100000000TN2Q --yes >/dev/null
equal "$(left suppressed)" 0 "left out"

step "private accounts are in no round"
node a exclude add '"Owner.Name" = "Priya Raman"' --yes >/dev/null
equal "$(left private)" "$priya" "private"
node a exclude list >"$work/said"
contains "$work/said" 'Priya Raman'
get a round.id round start "Contoso Software" --wait >"$work/third"
[ "$(get b round.keys.partner round show "$(cat "$work/third")")" -lt "$before" ] || die "private accounts took part"
node a exclude remove '"Owner.Name" = "Priya Raman"' --yes >/dev/null
equal "$(left private)" 0 "private"
finish
