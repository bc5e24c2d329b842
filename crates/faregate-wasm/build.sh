#!/usr/bin/env bash
# Builds js/faregate.wasm, optimised for size: with the standard library built anew, without the words of panics, which a module that
# imports nothing could not say to anybody. That needs the library's source, which Debian has beside its own compiler for browsers.
# Binaryen, as npm has it, then makes the module smaller still, and puts its functions in the order in which they compress best.
set -euo pipefail
cd "$(dirname "$0")"
target="${CARGO_TARGET_DIR:-$PWD/target}/wasm"

if ! [ -d "/usr/lib/rustlib/src/rust/library" ] || ! [ -x /usr/bin/cargo ]; then
  apt-get update -q && apt-get install -qy --no-install-recommends rustc-web cargo-web rust-web-src
fi
linker="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/host: //p')/bin/rust-lld"
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TERM_COLOR=never
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
export RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none --remap-path-prefix=$HOME=/ --remap-path-prefix=$(cd ../.. && pwd)=/faregate"
/usr/bin/cargo build --locked --profile wasm --target wasm32-unknown-unknown --target-dir "$target" \
  -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size
[ -x node_modules/.bin/wasm-opt ] || npm ci --silent --no-audit --no-fund
made="$target/wasm32-unknown-unknown/wasm"
node_modules/.bin/wasm-opt -O1 "$made/faregate_wasm.wasm" -o "$made/small.wasm"
node scripts/order.mjs "$made/small.wasm" "$made/named.wasm"
node_modules/.bin/wasm-opt --reorder-functions-by-name --strip-debug --strip-producers --strip-target-features \
  "$made/named.wasm" -o js/faregate.wasm
