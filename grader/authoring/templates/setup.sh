#!/usr/bin/env bash
# Runs once, when the archive is uploaded: installs the grader into an environment of its own. Where Python is missing
# or older than 3.11, as on Ubuntu 22.04, uv brings one: uv.txt holds its version and its hashes, and that version of
# uv knows the exact Python to fetch, with its hash.
set -euo pipefail
here="${AUTOGRADER:-/autograder}/source"
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
if python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python3 -m venv "$here/.venv"
else
    python3 -m pip --version >/dev/null 2>&1 || { apt-get update && apt-get install -y --no-install-recommends python3-pip; }
    python3 -m pip install --quiet --require-hashes --only-binary :all: --target "$here/.uv" -r "$here/uv.txt"
    export UV_PYTHON_INSTALL_DIR="$here/.python"
    "$here/.uv/bin/uv" venv --quiet --no-project --no-config --python 3.12 "$here/.venv"
    "$here/.venv/bin/python" -m ensurepip >/dev/null
fi
"$here/.venv/bin/python" -m pip install --quiet "$here"
"$here/.venv/bin/grader" --version
