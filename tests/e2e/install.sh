#!/usr/bin/env bash
# Installs into an empty folder, builds the example against the installed library with pkg-config alone,
# and asks it. usage: install.sh BUILD_DIR SOURCE_DIR COMPILER NODE (1: with the node, 0: the library)
set -euo pipefail
build=$1 source=$2 cc=$3 node=$4
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
cmake --install "$build" --prefix "$to" >/dev/null
libdir=$(dirname "$(find "$to" -name libmandorla.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046,SC2086
"$cc" -Wall -Wextra -Werror "$source/docs/example/overlap.c" ${MANDORLA_TEST_CFLAGS:-} -o "$to/overlap" \
  $(pkg-config --cflags --libs mandorla)
[ "$("$to/overlap" https://www.acme.com/about sales@acme.com)" = "domain: acme.com" ]
if "$to/overlap" acme.com globex.com; then
  echo "two companies were taken for one" >&2
  exit 1
fi
# Every relative link of what is installed to read.
linked=0
while IFS= read -r page; do
  while IFS= read -r link; do
    [ -e "$(dirname "$page")/$link" ] || { echo "$page: no $link" >&2; exit 1; }
    linked=$((linked + 1))
  done < <(grep -oE '\]\([^)#]+' "$page" | cut -c3- | grep -vE '^[a-z]+:')
done < <(find "$to/share/doc" -name '*.md')
[ "$linked" -gt 10 ] || { echo "only $linked links were looked at" >&2; exit 1; }
if [ "$node" = 0 ]; then
  [ ! -e "$to/bin" ] && [ -z "$(find "$to" -name '*.service')" ]
  echo "install: ok, the library alone"
  exit 0
fi
[ -x "$to/bin/mandorla" ]
"$to/bin/mandorla" --help >/dev/null
[ -f "$to/share/man/man1/mandorla.1" ] || [ -f "$to/share/man/man1/mandorla.1.gz" ]
unit=$to/lib/systemd/system/mandorla.service
grep -q "^ExecStart=$to/bin/mandorla --dir" "$unit"
if command -v systemd-analyze >/dev/null; then
  # It also warns of other units of this machine: only lines about this one count.
  said=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep mandorla || true)
  [ -z "$said" ] || { echo "$said" >&2; exit 1; }
fi
if command -v systemd-sysusers >/dev/null; then
  mkdir -p "$to/root/etc"
  systemd-sysusers --root="$to/root" "$to/lib/sysusers.d/mandorla.conf" 2>/dev/null
  grep -q '^mandorla:.*:/var/lib/mandorla:' "$to/root/etc/passwd"
fi
echo "install: ok"
