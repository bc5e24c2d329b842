#!/usr/bin/env bash
# Runs the `openai` package of npm, unchanged, against the example.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
free_ports="node $here/free_ports.mjs"
. "$here/start.sh"
cp "$here/check.mjs" "$scratch"
cd "$scratch"
npm install --silent --no-audit --no-fund --no-save "openai@${OPENAI_VERSION:-$(cat "$here/openai-npm.version")}"
node check.mjs
