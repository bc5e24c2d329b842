#!/usr/bin/env bash
# Counts the instructions of some decisions and of `run.next` under callgrind, and compares them with `counts.tsv`.
# Fails where one grew by more than 5 %. `counts.sh --update` writes the file anew.
#
# A count depends on the program, the compiler and the inputs, not on what else the machine does; hash maps are seeded
# alike on every run. Another compiler may count otherwise: its version stands in the file, and where it differs the
# comparison is only told.
set -euo pipefail
cd "$(dirname "$0")"
command -v valgrind >/dev/null || { echo "valgrind is needed: apt-get install valgrind"; exit 1; }

cargo build --release --locked --quiet --no-default-features --bin counted
counted="${CARGO_TARGET_DIR:-target}/release/counted"
rustc=$(rustc --version)
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# Instructions of one of the hundred times that a case is done.
count() {
  valgrind --tool=callgrind --toggle-collect='*counted::counted*' --callgrind-out-file="$out" "$counted" "$1" \
    >/dev/null 2>&1 || { echo "valgrind failed on $1" >&2; exit 1; }
  awk '/^(summary|totals):/ { print int($2 / 100); exit }' "$out"
}

if [ "${1:-}" = --update ]; then
  {
    echo "# Instructions of one decision or step, on average of a hundred, by counts.sh. $rustc"
    for case in $("$counted"); do
      printf '%s\t%s\n' "$case" "$(count "$case")"
    done
  } >counts.tsv.new
  mv counts.tsv.new counts.tsv
  cat counts.tsv
  exit
fi

grown=0
grep -qF "$rustc" counts.tsv || echo "note: counts.tsv was written by another compiler than $rustc"
while IFS=$'\t' read -r case before; do
  case "$case" in '#'* | '') continue ;; esac
  now=$(count "$case")
  verdict=$(awk -v a="$before" -v b="$now" 'BEGIN { grew = (b > a * 1.05); printf "%+.1f %%%s", (b / a - 1) * 100, (grew ? " GREW" : "") }')
  printf '%-24s %12s -> %12s  %s\n' "$case" "$before" "$now" "$verdict"
  case "$verdict" in *GREW) grown=1 ;; esac
done <counts.tsv
exit $grown
