#!/usr/bin/env bash
# Runs the `openai` package of PyPI, unchanged, against the example.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
free_ports="python3 $here/free_ports.py"
. "$here/start.sh"
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "openai==${OPENAI_VERSION:-$(cat "$here/openai-pypi.version")}"
"$scratch/venv/bin/python" "$here/check.py"
