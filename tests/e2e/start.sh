#!/usr/bin/env bash
# What can be wrong when a node is made or started: each with its text and exit code, and in the end nothing was
# lost. usage: start.sh MANDORLA HELPERS
. "$(dirname "$0")/lib.sh"

serve() { timeout 20 "$mandorla" --dir "$work/n" serve "$@" </dev/null; }
secret() { # FILE TEXT
  printf '%s\n' "$2" >"$work/$1"
  chmod 600 "$work/$1"
}
secret right "correct horse battery"
secret wrong "wrong horse battery"
secret none ""

step "init"
fails 2 "name NAME is missing" node n init --no-passphrase
fails 2 "exclude each other" node n init --name N --no-passphrase --passphrase-file "$work/right"
fails 2 "passphrase is needed" node n init --name N </dev/null
fails 2 "tcp://" node n init --name N --endpoint http://example.com --no-passphrase
fails 2 "'nonsense' is not a SOCKS5 proxy; expected HOST:PORT or socks5" node n init --name N --proxy nonsense --no-passphrase
fails 2 "'a.example' is not a SOCKS5 proxy" node n init --name N --proxy socks5://a.example --no-passphrase
fails 2 "'' is not a SOCKS5 proxy" node n init --name N --proxy socks5:// --no-passphrase
fails 2 "--proxy takes at most" node n init --name N --proxy "$(printf '%0400d' 0):1" --no-passphrase
fails 2 "'nonsense' is not an address to listen on" node n init --name N --bind nonsense --no-passphrase
fails 2 "--endpoint is given, but empty" node n init --name N --endpoint "" --no-passphrase
fails 2 "passphrase is empty" node n init --name N --passphrase-file "$work/none"
mkdir "$work/full"
echo keep >"$work/full/file"
fails 2 "exists and is not empty" node full init --name N --no-passphrase
equal "$(ls -A "$work/full")" file "what stands in a directory that was not empty"
for d in "$work/n" "$work"/*.new-*; do [ ! -e "$d" ] || die "a failed init left $d"; done

# The store and the keys are the same in each try: on a free port, sealed, with accounts and a partner.
for try in 1 2 3 4 5 6 7 8; do
  rm -rf "$work/n"
  node n init --name "Northwind Cloud" --endpoint "tcp://127.0.0.1:$(port)" --passphrase-file "$work/right" \
    --fast-kdf >/dev/null
  if start n --passphrase-file "$work/right" 2>/dev/null; then break; fi
  [ "$try" -lt 8 ] || die "no free port"
done
fails 2 "holds a node already; nothing was changed" node n init --name N --no-passphrase
node n import "$data/services-accounts.csv" >/dev/null
node n partner accept "$("$helpers/e2e-token" -60 86400)" --yes >/dev/null

step "a second node on the directory, on the address"
fails 4 "in use by another process \(pid ${pid[n]}\)" serve --passphrase-file "$work/right"
endpoint=$(get n endpoint status)
node second init --name Second --endpoint "$endpoint" --no-passphrase >/dev/null
fails 4 "$endpoint is in use by another process" node second serve
equal "$(get n accounts status)" 676 "accounts of the first"
stop n
fails 2 "no node is serving" node n status
fails 2 "No such file.*init --name" node nowhere status
fails 2 "No such file.*init --name" node nowhere serve

step "passphrases"
fails 2 "passphrase does not open" serve --passphrase-file "$work/wrong"
fails 2 "passphrase is needed" serve
fails 2 "passphrase is empty" serve --passphrase-file "$work/none"
fails 2 "No such file" serve --passphrase-file "$work/missing"
chmod 640 "$work/right"
fails 4 "chmod 600 $work/right" serve --passphrase-file "$work/right"
chmod 600 "$work/right"
export MANDORLA_PASSPHRASE="wrong horse battery"
fails 2 "passphrase does not open" serve
export MANDORLA_PASSPHRASE="correct horse battery"
start n
stop n
unset MANDORLA_PASSPHRASE

step "addresses in the settings"
cp "$work/n/mandorla.conf" "$work/conf"
sed -i 's/^;\?proxy = .*/proxy = nonsense/' "$work/n/mandorla.conf"
fails 2 "mandorla.conf: 'nonsense' is not a SOCKS5 proxy" serve --passphrase-file "$work/right"
sed -i 's/^proxy = .*/proxy = socks5:\/\/127.0.0.1:9/' "$work/n/mandorla.conf"
start n --passphrase-file "$work/right"
stop n
cp "$work/conf" "$work/n/mandorla.conf"

step "key files"
cp -a "$work/n/keys" "$work/keys"
# A byte at each part of both files: whatever it is, the file is damaged, and is said to be.
flip() { # FILE OFFSET
  cp -a "$work/keys/$1" "$work/n/keys/$1"
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$work/keys/$1")
  # shellcheck disable=SC2059 # an octal escape is made here
  printf "\\$(printf '%03o' $((byte ^ 1)))" | dd of="$work/n/keys/$1" bs=1 seek="$2" conv=notrunc status=none
}
for f in identity.key curve.key; do
  size=$(stat -c %s "$work/keys/$f")
  for at in 0 $((size / 3)) $((size / 2)) $((size - 1)); do
    flip $f $at
    fails 4 "$f.*(damaged|not a|no key file)" serve --passphrase-file "$work/right"
  done
  head -c $((size / 2)) "$work/keys/$f" >"$work/n/keys/$f"
  fails 4 "$f.*damaged" serve --passphrase-file "$work/right"
  cp -a "$work/keys/$f" "$work/n/keys/$f"
  chmod 644 "$work/n/keys/$f"
  fails 4 "chmod 600 $work/n/keys/$f" serve --passphrase-file "$work/right"
  rm "$work/n/keys/$f"
  fails 2 "no key file.*$f" serve --passphrase-file "$work/right"
  cp -a "$work/keys/$f" "$work/n/keys/$f"
done

step "settings"
cp "$work/n/mandorla.conf" "$work/conf"
echo "colour = blue" >>"$work/n/mandorla.conf"
fails 2 "unknown setting \[work\] colour; known are" serve --passphrase-file "$work/right"
echo "what is this" >"$work/n/mandorla.conf"
fails 2 "mandorla.conf, line 1" serve --passphrase-file "$work/right"
cp "$work/conf" "$work/n/mandorla.conf"

step "databases"
db=$work/n/mandorla.db
cp "$db" "$work/db"
altered() { # REGEX SQL: exit code 4, the text, and the file as it was
  cp "$work/db" "$db"
  if [ -n "$2" ]; then sqlite3 "$db" "$2"; else echo "not a database at all" >"$db"; fi
  local before
  before=$(sha256sum "$db")
  fails 4 "$1" serve --passphrase-file "$work/right"
  equal "$(sha256sum "$db")" "$before" "the database that was refused"
}
altered "newer program.*Nothing was changed" "INSERT INTO migration SELECT max(number) + 1, 'later', zeroblob(32), 0 FROM migration"
altered "altered by hand or by another program.*Nothing was changed" "CREATE TABLE mine (x)"
altered "altered by hand or by another program.*Nothing was changed" "DROP TRIGGER audit_update"
altered "migration 1.*not the one.*Nothing was changed" "UPDATE migration SET hash = zeroblob(32)"
altered "belongs to another program" "PRAGMA application_id = 5"
altered "damaged or is no database" ""
cp "$work/db" "$db"
rm -f "$db-wal" "$db-shm"

step "nothing was lost"
start n --passphrase-file "$work/right"
equal "$(get n accounts status)" 676 "accounts"
equal "$(get n partners.0.name partner list)" Globex "the partner"
node n audit verify >/dev/null
finish
