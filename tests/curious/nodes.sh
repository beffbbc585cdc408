#!/usr/bin/env bash
# What a curious partner's node holds after a round at several levels: files, log and memory. Two runs of the same round, in which
# another account is counted, leave the same behind.
# usage: nodes.sh MANDORLA HELPERS SEARCH
. "$(dirname "$0")/../e2e/lib.sh"
search=$3 tools=$here/../curious

A="Northwind Cloud" B="Contoso Systems"
cat >"$work/terms" <<'TERMS'
[agreement]
purpose = Joint planning
legal_basis = GDPR Art. 6(1)(f)
valid_days = 30
[caps]
min_keys = 1
min_result = 0
cooldown_hours = 0
min_change = 0
max_rounds_month = 20
[cells]
customers : customers = accounts
customers : prospects = counts
TERMS
"$tools/lists.py" "$work"
for list in planted own-q own-r; do "$tools/needles.py" "$work/$list.csv" >"$work/$list.needles"; done
[ "$(wc -l <"$work/planted.needles")" -gt 4000 ] || die "too few needles"
files() { find "$work/$1" "$work/$1.log" -type f -size +0; }
look() { # NEEDLES PLACE...: what is found, in $work/hits
  local code=0
  "$search" "$@" >"$work/hits" 2>"$work/looked" || code=$?
  return "$code"
}
in_force() { node a agreement list | grep -q in-force && node b agreement list | grep -q in-force; }
agreed() { node b agreement accept "$A" --yes; }
approve() { node b round approve "$A"; }

listening a "$A"
dialling b "$B"
node a import "$work/ours.csv" >/dev/null
pair a b
wait_for "the connection" connected a
node a agreement propose "$B" "$work/terms" --yes >/dev/null
wait_for "the proposal" agreed
wait_for "the agreement in force" in_force
stop a
stop b
cp -r "$work/a" "$work/a.before"
cp -r "$work/b" "$work/b.before"

run_with() { # q|r: which of the two the other side has
  start a
  start b
  node b import "$work/theirs-$1.csv" >/dev/null
  wait_for "the connection" connected a
  node a round start "$B" --yes >/dev/null
  wait_for "the approval" approve
  wait_for "the end of the round" is a "$B" complete
  wait_for "the other side's end" is b "$A" complete
  equal "$(get a own_accounts matrix "$B")" 3 "accounts that matched"
  equal "$(get a counts.0.matched matrix "$B")" 3 "keys that were counted"
  node a overlap "$B" --json >/dev/null
  node a whitespace "$B" --json >/dev/null
}

step "a round at levels accounts, counts and hidden"
run_with q

step "nothing of what only the other side has: memory of the running node"
code=0
look "$work/planted.needles" "pid:${pid[a]}" || code=$?
if [ "$code" = 3 ]; then
  [ "$(id -u)" != 0 ] || die "the memory of the node cannot be read by root"
  echo "       not looked at: serve forbids it (PR_SET_DUMPABLE 0) to all but root. Files only."
else
  equal "$code" 0 "search in memory"
  lacks "$work/hits" .
  step "  $(cat "$work/looked")"
  # It can see: the same search in the other side's memory, which has read the list, and a word that ours must have.
  printf 'partner %s\n' "$(printf '%s' "$B" | od -An -tx1 | tr -d ' \n')" >"$work/word"
  look "$work/word" "pid:${pid[a]}"
  contains "$work/hits" 'memory partner'
  look "$work/planted.needles" "pid:${pid[b]}"
  contains "$work/hits" 'memory .*/text'
fi

step "nothing of it in files, while it runs and after"
mapfile -t all < <(files a)
look "$work/planted.needles" "${all[@]}"
lacks "$work/hits" .
printf '%s\n' "${all[@]}" >"$work/all"
contains "$work/all" 'mandorla.db-wal$'
contains "$work/all" '/rounds/.*db$'
contains "$work/all" 'a.log$'
stop a
stop b
mapfile -t all < <(files a)
look "$work/planted.needles" "${all[@]}"
lacks "$work/hits" .
mapfile -t all < <(files b)
look "$work/planted.needles" "${all[@]}" # it can see
equal "$(sed -n 's,^.* \([0-9]*\)/Domain/text$,\1,p' "$work/hits" | sort -u | wc -l)" 18 "planted accounts in the other side's files"
main() { find "$work/$1" "$work/$1.log" -maxdepth 1 -type f -size +0 '(' -name 'mandorla.db*' -o -name '*.log' ')'; }
nothing_of() { # LIST: not in the main database, its journals or the log
  mapfile -t all < <(main a)
  look "$work/$1.needles" "${all[@]}"
  lacks "$work/hits" .
}
nothing_of own-q
nothing_of own-r
mv "$work/a" "$work/a.q"
rm -rf "$work/b"

step "the same round, in which the other of the two is counted"
mv "$work/a.before" "$work/a"
mv "$work/b.before" "$work/b"
run_with r
nothing_of own-q
nothing_of own-r
stop a
stop b
nothing_of own-q
nothing_of own-r
"$tools/same.py" "$work/a.q" "$work/a"

step "a mark on one of two accounts would be seen"
sql() { python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$@"; }
marked() { # REGEX FILE SQL
  rm -rf "$work/a.marked"
  cp -r "$work/a" "$work/a.marked"
  sql "$(find "$work/a.marked" -name "$2")" "$3"
  fails 1 "$1" "$tools/same.py" "$work/a.q" "$work/a.marked"
}
marked 'snap_key.populations' '*-1.db' "UPDATE snap_key SET populations = populations + 2 WHERE ordinal = 0"
marked 'matched has 0 rows and 1' '*-1.db' "INSERT INTO matched VALUES (0, 1, 0)"
marked 'opened: ' mandorla.db "INSERT INTO opened SELECT round, 1, 0, rows FROM opened LIMIT 1"
marked 'other tables' '*-1.db' "CREATE TABLE marked (account INTEGER)"
finish
