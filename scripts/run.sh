#!/bin/sh
# Runs a script of this folder with the pinned Node, after installing: scripts/run.sh demo [ARGUMENT …]
set -e
here=$(cd "$(dirname "$0")" && pwd -P)
"$here/install.sh"
name=$1
shift
exec "$here/../node_modules/node/bin/node" --disable-warning=ExperimentalWarning "$here/$name.ts" "$@"
