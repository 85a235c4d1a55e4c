#!/usr/bin/env bash
# Runs the tests in a real VS Code: `run.sh` all, `run.sh host [WORD]` those in the extension host, `run.sh ui [STORY]` stories.
# Needs `make vscode` before, and in DECLML_E2E_PYTHON a Python with declml.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${DECLML_E2E_PYTHON:?must name a Python with declml}"
if FOUND=$(e2e/setup.sh); then :; else
  CODE=$?
  # 77: there is no browser, which has been said; another code is a failure.
  [[ $CODE == 77 ]] && exit 0
  exit "$CODE"
fi
NODE=$(printf '%s' "$FOUND" | python3 -c 'import json, sys; print(json.load(sys.stdin)["node"])')
export DECLML_E2E_FOUND=$FOUND
exec "$NODE" --disable-warning=ExperimentalWarning e2e/main.ts "$@"
