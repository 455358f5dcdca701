#!/bin/bash
# The post-build hook: makes the environment in the application's directory, so that it is kept with the build.
set -euo pipefail
conda=$(command -v conda || command -v mamba || command -v micromamba || true)
if [ -z "$conda" ]; then
  echo "No conda, mamba or micromamba is on the path: ask the operator of the platform to install one in /usr/local/bin." >&2
  exit 1
fi
export CONDA_PKGS_DIRS="${XDG_CACHE_HOME:-$HOME/.cache}/conda"
"$conda" env create --quiet --yes --prefix "$APP_HOME/.conda" --file environment.yml
