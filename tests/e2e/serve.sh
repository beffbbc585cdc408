#!/usr/bin/env bash
# The process that serves: ready and stopped as a service manager wants it, what its log says and does not say, what
# others of this machine can see of it. usage: serve.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

step "readiness and the end, told to the service manager"
"$here/notified.py" "$work/notify" "$work/notified" &
others+=($!)
wait_for "the manager's socket" test -S "$work/notify"
export NOTIFY_SOCKET=$work/notify
listening a "Northwind Cloud"
wait_for "READY=1" grep -qx READY=1 "$work/notified"
lacks "$work/notified" STOPPING
unset NOTIFY_SOCKET
listening b "Contoso Systems"
node a import "$data/vendor-salesforce-accounts.csv" "$data/vendor-salesforce-opportunities.csv" >/dev/null
node b import "$data/partner-hubspot-companies.csv" >/dev/null
pair a b --accept
node a round start "Contoso Systems" --wait --yes --timeout "$WAIT" >/dev/null
wait_for "b's end" is b "Northwind Cloud" complete
node a overlap "Contoso Systems" --csv >"$work/overlap.csv"

step "what others can see"
proc=/proc/${pid[a]}
equal "$(stat -c %a "$work/a")" 700 "mode of the directory"
equal "$(stat -c %a "$work/a/api.sock")" 600 "mode of the API's socket"
for d in a b; do
  open_to_others=$(find "$work/$d" -perm /077 ! -type s)
  equal "$open_to_others" "" "files of $d that others may touch"
done
equal "$(stat -c %a "$work/a/keys/identity.key" "$work/a/keys/curve.key" | sort -u)" 600 "mode of the key files"
if cmp -s "$work/a/keys/identity.key" "$work/b/keys/identity.key"; then die "two nodes have one key"; fi
contains "$proc/limits" "^Max core file size +0 +0"
# Of a process that is not dumpable /proc belongs to root, whoever runs it.
equal "$(stat -c %U "$proc/mem")" root "owner of the memory"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  chmod 711 "$work"
  install -m 755 "$mandorla" "$work/program"
  mkdir -m 700 "$work/other"
  chown 65534:65534 "$work/other"
  other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
  other "$work/program" --dir "$work/other/n" init --name Other --no-passphrase >/dev/null
  setpriv --reuid 65534 --regid 65534 --clear-groups "$work/program" --dir "$work/other/n" serve 2>"$work/other.log" &
  pid[other]=$!
  wait_for "a node of another user" grep -q ' ready: ' "$work/other.log"
  equal "$(stat -c %U "/proc/${pid[other]}/mem")" root "owner of the memory of a node that is not root's"
  if other cat "/proc/${pid[other]}/environ" >/dev/null 2>&1; then die "another process reads what belongs to the node"; fi
  stop other
else
  step "SKIPPED: a node of another user: only root can start one"
fi

step "the engine"
contains "$work/a.log" ' group engine: (avx512|avx2|portable|libsodium 1)'
"$mandorla" --dir "$work/e" init --name "Engines" --no-passphrase >/dev/null
MANDORLA_ENGINE=abacus fails 2 "there is no group engine 'abacus'; this machine has .*libsodium" node e serve

step "the log"
if grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z (info|warning|error) +[^ ]' "$work/a.log"; then
  die "lines of another form"
fi
# The words of an identity are drawn at random, and one may be the name of an account.
for d in a b; do sed 's/; identity words: [a-z ]*$//' "$work/$d.log" >"$work/$d.said"; done
lacks "$work/a.said" "identity words"
"$here/silent.py" "$work/a.said" "$work/overlap.csv" "$data/vendor-salesforce-accounts.csv"
"$here/silent.py" "$work/b.said" "$work/overlap.csv" "$data/partner-hubspot-companies.csv"

step "SIGTERM and SIGINT"
began=$(date +%s%N)
stop a
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -lt 2000 ] || die "stopping took $took ms"
wait_for "STOPPING=1" grep -qx STOPPING=1 "$work/notified"
contains "$work/a.log" ' stopped$'
[ ! -e "$work/a/api.sock" ] || die "the socket was left"
start a
equal "$(get a accounts status)" 386 "accounts after a restart"
node a overlap "Contoso Systems" --csv | cmp - "$work/overlap.csv"
kill -INT "${pid[a]}"
wait "${pid[a]}"
start a
stop_hard a
[ -S "$work/a/api.sock" ] || die "kill -9 leaves the socket"
start a # over the socket that was left
node a overlap "Contoso Systems" --csv | cmp - "$work/overlap.csv"

step "a directory whose path is longer than a socket's may be"
deep=deep/$(printf 'directory-%.0s' 1 2 3 4 5 6 7 8 9)/$(printf 'more-%.0s' 1 2 3 4 5 6 7 8 9)
mkdir -p "$work/$(dirname "$deep")"
node "$deep" init --name Deep --no-passphrase >/dev/null
"$mandorla" --dir "$work/$deep" serve 2>"$work/deep.log" &
pid[deep]=$!
wait_for "the deep node" grep -q ' ready: ' "$work/deep.log"
node "$deep" import "$data/services-accounts.csv" >/dev/null
equal "$(get "$deep" accounts status)" 676 "accounts"
sock=$(sed -n 's/.* socket \([^;]*\);.*/\1/p' "$work/deep.log")
equal "$(stat -c %a "$sock")" 600 "mode of $sock"
stop deep
[ ! -e "$sock" ] || die "$sock was left"
finish
