#!/usr/bin/env bash
# Sets .venv up and runs the tests; arguments go to pytest:
#
#   bash tools/run_tests.sh -k layouts
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash tools/setup_env.sh
exec .venv/bin/python -m pytest "$@"
