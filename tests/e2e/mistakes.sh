#!/usr/bin/env bash
# Mistakes with tokens, files and names at a running node: each with its text and exit code, and nothing changes.
# usage: mistakes.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

listening a "Northwind Cloud"
listening b "Contoso Systems"
node a import "$data/services-accounts.csv" --source sheet >/dev/null
node a source list >"$work/sources"
token=$(node b partner invite --days 1 2>/dev/null)

step "tokens"
refused() { # REGEX TOKEN
  fails 2 "$1" node a partner accept "$2" --yes
}
refused "cut short" "${token:0:${#token}/2}"
refused "not an invitation token" "hello"
refused "not an invitation token" ""
refused "version 7.*Upgrade" "mandorla7:${token#mandorla1:}"
refused "cannot stand in an invitation token" "$token $token"
refused "own invitation" "$(node a partner invite 2>/dev/null)"
refused "expired on .*ask the partner for a new one" "$("$helpers/e2e-token" -864000 -86400)"
refused "not valid yet.*Compare the clocks" "$("$helpers/e2e-token" 864000 964000)"
fails 2 "from 1 to 365" node a partner invite --days 0
fails 2 "no token on standard input" node a partner accept - --yes </dev/null
# Every tenth character, and each length, straight to the API.
tried=0
inspect() { curl_api a /v1/invitations/inspect -o "$work/answer" -w '%{http_code}' -d "{\"token\":\"$1\"}"; }
equal "$(inspect "$token")" 200 "answer to the token as it is"
for ((i = 10; i < ${#token}; i += 10)); do
  c=${token:i:1}
  if [ "$c" = A ]; then c=B; else c=A; fi
  for t in "${token:0:i}$c${token:i+1}" "${token:0:i}"; do
    equal "$(inspect "$t")" 400 "answer to a token altered at $i"
    equal "$(doc error.status <"$work/answer")" token "error"
    tried=$((tried + 1))
  done
done
[ "$tried" -gt 60 ] || die "only $tried altered tokens"
equal "$(get a partners.# partner list)" 0 "partners after all this"

step "files"
import() { node a import "$@" --source sheet; }
cp "$data/services-accounts.csv" "$work/good.csv"
printf 'colour,size\nred,1\n' >"$work/header.csv"
printf 'PK\003\004 and so on, for a while' >"$work/book.xlsx"
printf '\037\213 and so on, for a while' >"$work/list.csv.gz"
printf 'Name,Website\nAcme,acme.com\n"Globex,globex.com\nInitech,initech.com\n' >"$work/quote.csv"
printf 'Name,Website\n' >"$work/none.csv"
: >"$work/empty.csv"
fails 2 "missing.csv' cannot be opened: No such file" import "$work/missing.csv"
fails 2 "is a directory" import "$work"
fails 2 "is a directory" import "$work/good.csv" "$work"
if [ "$(id -u)" -ne 0 ]; then
  install -m 000 "$work/good.csv" "$work/closed.csv"
  fails 4 "closed.csv' cannot be opened: Permission denied" import "$work/closed.csv"
fi
fails 2 'Columns: colour, size.*--map "COLUMN=name"' import "$work/header.csv"
equal "$(grep -o colour "$work/said" | wc -l)" 1 "times that the column is named"
printf 'column %s,' {1..60} >"$work/wide.csv"
fails 2 'and [0-9]+ more' import "$work/wide.csv"
contains "$work/said" '^ +60 +column 60$'
fails 2 "The delimiter is rather ';': give --delimiter ';', or none" import "$work/good.csv" --delimiter ,
fails 2 'no file has a column "Colour"\. Found: ' import "$work/good.csv" --population 'vip: Colour = red'
fails 2 "Excel workbook.*CSV" import "$work/book.xlsx"
fails 2 "gzip archive" import "$work/list.csv.gz"
fails 2 "line 3, column 1: the quote .*never closed" import "$work/quote.csv"
fails 2 "quote.csv: line 3" import "$work/good.csv" "$work/quote.csv"
fails 2 "the file is empty" import "$work/empty.csv"
fails 2 "no account" import "$work/none.csv"
fails 2 "no account" import "$data/vendor-salesforce-opportunities.csv"
fails 2 "no file has such a column" import "$work/good.csv" --map "Foo=name"
fails 2 "no such field. Fields:" import "$work/good.csv" --map "Web=colour"
fails 2 "COLUMN=FIELD" import "$work/good.csv" --map Web
fails 2 "expected NAME: CONDITION" import "$work/good.csv" --population customers
fails 2 'has a column "Foo"' import "$work/good.csv" --population "customers: Foo = 1"
fails 2 "expected auto, utf-8" import "$work/good.csv" --encoding ebcdic
fails 2 "expected one character" import "$work/good.csv" --delimiter ';;'
fails 2 "cannot be a name" node a import "$work/good.csv" --source "My List"
fails 4 "cannot be written" import "$work/good.csv" --rejected "$work/missing/rejected.csv"
node a source list | cmp - "$work/sources"
equal "$(find "$work/a/sources" -type f | wc -l)" 1 "files in sources/"
equal "$(find "$work/a/tmp" -type f | wc -l)" 0 "files in tmp/"

step "names"
node a partner accept "$token" --yes >/dev/null
known="no partner 'Globex'; pinned are: Contoso Systems"
fails 2 "$known" node a round start Globex --yes
fails 2 "$known" node a round show Globex
fails 2 "$known" node a round approve Globex
fails 2 "$known" node a overlap Globex
fails 2 "$known" node a whitespace Globex
fails 2 "$known" node a matrix Globex
fails 2 "$known" node a bundle Globex "Contoso Systems"
fails 2 "$known" node a agreement show Globex
fails 2 "$known" node a partner remove Globex --yes
fails 2 "$known" node a partner set Globex --ask
fails 2 "no round 'abcdef'" node a round show abcdef
fails 2 "no round with Contoso Systems yet" node a round show "Contoso Systems"
fails 2 "no mapping round with Contoso Systems has a result yet" node a overlap "Contoso Systems"
fails 2 "no source 'crm'.*sheet" node a source remove crm --yes
fails 2 "did you mean 'mandorla round start'" node a round strat X
fails 2 "did you mean '--days'" node a partner invite --dayz 3
fails 2 "argument is missing" node a import
fails 2 "one argument too many" node a round start A B
equal "$(get a partners.# partner list)" 1 "partners"
node a source list | cmp - "$work/sources"

step "a partner that has not accepted our token"
refused_here() { [ "$(get a partners.0.state partner list)" = refused ]; }
wait_for "a to be refused" refused_here
node a partner accept "$token" --yes >/dev/null # once more: it still waits for the same
equal "$(get a partners.0.state partner list)" refused "state"
node a partner list >"$work/said"
contains "$work/said" "mandorla partner accept"
node a audit verify >/dev/null
finish
