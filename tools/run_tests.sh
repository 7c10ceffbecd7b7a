#!/usr/bin/env bash
# Sets .venv up and runs the tests, two files at a time; arguments go to
# pytest:
#
#   bash tools/run_tests.sh -k layouts
#   bash tools/run_tests.sh -n 0 --pdb    # one after the other, in a debugger
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash tools/setup_env.sh
# Threads of two processes would wait for each other's.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
