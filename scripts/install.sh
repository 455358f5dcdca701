#!/bin/sh
# Installs what package-lock.json names, once; every entry of the README begins here.
set -e
cd "$(dirname "$0")/.."
stamp=node_modules/.installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ] || [ ! -x node_modules/node/bin/node ]; then
  echo "Installing (once) …"
  npm ci --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi
