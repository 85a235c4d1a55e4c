#!/usr/bin/env bash
# Walk through the tutorial in a real JupyterLab, and see the language server in one. Needs a Python with JupyterLab,
# jupyterlab-lsp, python-lsp-server, nbconvert and playwright in front of PATH; a Chromium is installed where there is
# none and we may.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v chromium >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "A Chromium must be installed to run this: apt-get install chromium fonts-dejavu-core" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
fi
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 OMP_NUM_THREADS=1
timeout 900 python "$here/walk.py" "$@"
timeout 300 python "$here/language.py" "$@"
