# lib.sh: what the end-to-end tests share: real nodes, and assertions about them. Sourced, with the test's own
# arguments: MANDORLA (the program) and HELPERS (the directory of e2e-doc and e2e-token).
# shellcheck shell=bash
set -euo pipefail
mandorla=$1 helpers=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the tests
data=$here/../data/demo
work=$(mktemp -d "${TMPDIR:-/tmp}/mandorla-e2e.XXXXXX")
unset MANDORLA_DIR MANDORLA_PASSPHRASE NOTIFY_SOCKET XDG_RUNTIME_DIR
export LC_ALL=C.UTF-8
WAIT=${MANDORLA_E2E_WAIT:-60} # seconds until a condition that never comes is a failure
declare -A pid=()             # of the node that serves $work/NAME
declare -a others=()          # helpers to end

clean_up() {
  local code=$? p log
  set +e
  for p in "${pid[@]}" "${others[@]}"; do kill -9 "$p"; done 2>/dev/null
  { wait; } 2>/dev/null
  if [ "$code" -ne 0 ]; then
    for log in "$work"/*.log; do
      [ -s "$log" ] && { echo "--- ${log##*/}"; tail -30 "$log"; } >&2
    done
  fi
  if mountpoint -q "$work/small" 2>/dev/null; then umount -l "$work/small"; fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
set -E
trap 'echo "${0##*/}: line $LINENO: \"$BASH_COMMAND\" failed" >&2' ERR

die() {
  echo "${0##*/}: line ${BASH_LINENO[0]}: $*" >&2
  exit 1
}
step() { printf '%3d s  %s\n' "$SECONDS" "$*"; }
doc() { "$helpers/e2e-doc" "$@"; }

# ---- commands ------------------------------------------------------------------------------------
node() { # NAME COMMAND...
  local d=$1
  shift
  timeout 100 "$mandorla" --dir "$work/$d" "$@"
}
get() { # NAME PATH COMMAND...: one value of the command's document
  local d=$1 path=$2
  shift 2
  node "$d" "$@" --json | doc "$path"
}
curl_api() { # NAME PATH [CURL OPTIONS]: the node's own API
  local d=$1 path=$2
  shift 2
  curl -sS --unix-socket "$work/$d/api.sock" "$@" "http://node$path"
}
equal() { [ "$1" = "$2" ] || die "${3:-values differ}: '$1', expected '$2'"; }
contains() { # FILE REGEX
  grep -qE -- "$2" "$1" || { cat "$1" >&2; die "nothing in ${1##*/} matches: $2"; }
}
lacks() { # FILE REGEX
  if grep -nE -- "$2" "$1" >&2; then die "${1##*/} holds what must not be there: $2"; fi
}
# A command that must fail: exit code (a pattern) and text. What it printed stays in $work/said.
fails() { # CODE REGEX COMMAND...
  local want=$1 text=$2 code=0
  shift 2
  "$@" >"$work/said" 2>&1 || code=$?
  # shellcheck disable=SC2053 # a pattern
  if [[ "$code" != $want ]]; then
    cat "$work/said" >&2
    die "exit code $code, expected $want: $*"
  fi
  contains "$work/said" "$text"
}
wait_for() { # WHAT COMMAND...: until the command succeeds
  local what=$1 until=$((SECONDS + WAIT))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || die "waited $WAIT s in vain for: $what"
    sleep 0.05
  done
}

# ---- nodes ---------------------------------------------------------------------------------------
says() { grep -qE -- "$2" "$work/${1//\//-}.log"; }  # NAME REGEX: in its log
alive() { kill -0 "${pid[$1]}"; }
launch() { # NAME [SERVE OPTIONS]: starts, without waiting
  local d=$1
  shift
  "$mandorla" --dir "$work/$d" serve "$@" >>"$work/${d//\//-}.log" 2>&1 &
  pid[$d]=$!
}
ready_or_dead() { says "$1" ' ready: ' || ! alive "$1"; }
start() { # NAME [SERVE OPTIONS]
  : >"$work/${1//\//-}.log"
  launch "$@"
  wait_for "$1 to be ready" ready_or_dead "$1"
  says "$1" ' ready: '
}
port() { echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000)); } # below those the kernel gives away
listening() { # NAME COMPANY [ADDRESS]: makes and starts a node on a free port of 127.0.0.1, or the address
  local try
  for try in 1 2 3 4 5 6 7 8; do
    rm -rf "${work:?}/$1"
    node "$1" init --name "$2" --endpoint "tcp://${3:-127.0.0.1}:$(port)" --no-passphrase >/dev/null
    if start "$1" 2>/dev/null; then return 0; fi
    says "$1" 'another process' || break
  done
  die "$1 does not start (attempt $try)"
}
dialling() { # NAME COMPANY [INIT OPTIONS]: one that only dials out
  local d=$1 name=$2
  shift 2
  node "$d" init --name "$name" --no-passphrase "$@" >/dev/null
  start "$d"
}
ended() { ! alive "$1"; }
stop() { # NAME: SIGTERM; the node must end well
  local code=0 p=${pid[$1]}
  kill "$p"
  wait "$p" || code=$?
  unset "pid[$1]"
  equal "$code" 0 "exit code of $1"
}
stop_hard() { # NAME: kill -9
  local p=${pid[$1]}
  kill -9 "$p"
  wait "$p" 2>/dev/null || true
  unset "pid[$1]"
}
connected() { [ "$(get "$1" partners.0.state partner list)" = connected ]; } # NAME: to its first partner
# An invitation each way. The one who only dials comes second and accepts last: nobody waits for a refused dial.
pair() { # NAME NAME [ACCEPT OPTIONS of both]
  local a=$1 b=$2
  shift 2
  node "$b" partner invite 2>/dev/null >"$work/token"
  node "$a" partner accept - --yes "$@" <"$work/token" >/dev/null
  node "$a" partner invite 2>/dev/null >"$work/token"
  node "$b" partner accept - --yes "$@" <"$work/token" >/dev/null
}
state() { get "$1" round.state round show "$2"; } # NAME ROUND|PARTNER
is() { [ "$(state "$1" "$2")" = "$3" ]; }          # NAME ROUND|PARTNER STATE
# Every node ends well, and no sanitizer spoke.
finish() {
  local d
  for d in "${!pid[@]}"; do stop "$d"; done
  for d in "$work"/*.log; do
    [ -e "$d" ] && lacks "$d" 'Sanitizer|runtime error:'
  done
  step "${0##*/}: ok"
}
# A list of N made-up companies, beginning with number FROM.
companies() { # N [FROM]
  awk -v n="$1" -v from="${2:-1}" 'BEGIN {
    print "Company,Website,Status"
    for (i = from; i < from + n; i++)
      printf "Works %d GmbH,https://works-%d.example.com,%s\n", i, i, i % 3 ? "Customer" : "Prospect"
  }'
}
