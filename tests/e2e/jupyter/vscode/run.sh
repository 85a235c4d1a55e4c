#!/usr/bin/env bash
# The tutorial in VS Code's notebook, in a headless browser. Needs `npm ci` in vscode-extension before, and in
# DECLML_E2E_PYTHON a Python with declml and ipykernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${DECLML_E2E_PYTHON:?must name a Python with declml}"
if FOUND=$("$here/../../../../vscode-extension/e2e/setup.sh"); then :; else
  CODE=$?
  # 77: there is no browser, which has been said; another code is a failure.
  [[ $CODE == 77 ]] && exit 0
  exit "$CODE"
fi
NODE=$(printf '%s' "$FOUND" | python3 -c 'import json, sys; print(json.load(sys.stdin)["node"])')
export DECLML_E2E_FOUND=$FOUND OMP_NUM_THREADS=1
exec timeout 900 "$NODE" --disable-warning=ExperimentalWarning "$here/main.ts" "$@"
