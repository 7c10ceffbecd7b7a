#!/usr/bin/env bash
# Makes .venv with the pinned packages and this checkout in it, or does
# nothing if that was done before.
#
#   bash tools/setup_env.sh
#
# MMAIR_PYTHON=python3.12      the Python to make .venv from
# MMAIR_TORCH_INDEX=URL        take torch from this package index
# MMAIR_REUSE_TORCH=1          use the torch that MMAIR_PYTHON already has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "error: $*" >&2; exit 1; }

base=${MMAIR_PYTHON:-python3}
python=.venv/bin/python
log=.venv/install.log
constraints=requirements/constraints.txt

command -v "$base" >/dev/null ||
    fail "no $base here; install Python 3.11 or newer, or name it in" \
         "MMAIR_PYTHON."
# The folder counts, because neither .venv nor the editable install survives
# a move.
state=$({ cat setup.py requirements/*.txt; "$base" -VV; pwd
          echo "${MMAIR_TORCH_INDEX:-} ${MMAIR_REUSE_TORCH:-}"; } | cksum)
if [ -x $python ] && [ "$(cat .venv/installed 2>/dev/null)" = "$state" ]; then
    exit 0
fi

"$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$base is $("$base" -V 2>&1), the pinned packages need Python 3.11" \
         "or newer; name one in MMAIR_PYTHON, or install by hand with" \
         "pip install '.[lite]'."
if [ -n "${MMAIR_REUSE_TORCH:-}" ]; then
    torch_home=$("$base" -c '
import os, torch
assert tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)
print(os.path.dirname(os.path.dirname(torch.__file__)))' 2>/dev/null) ||
        fail "MMAIR_REUSE_TORCH is set, but $base has no torch >= 2.6; name" \
             "a Python that has one in MMAIR_PYTHON."
fi

SECONDS=0
echo "Installing the pinned packages into .venv, once; this takes minutes."
"$base" -m venv --clear .venv >/dev/null 2>&1 ||
    { rm -rf .venv
      fail "$base cannot make a virtual environment; on Debian and Ubuntu" \
           "'apt install python3-venv' brings what it lacks."; }
install() {
    $python -m pip install --disable-pip-version-check "$@" >> $log 2>&1
}
must_install() {
    install "$@" || fail "pip could not install the packages (no network?);" \
                         "see the end of $log: $(tail -n 1 $log)"
}

torch=$(grep '^torch==' $constraints)
if [ -n "${MMAIR_REUSE_TORCH:-}" ]; then
    # A .pth file shows .venv that torch wherever it lies: in the system, the
    # user's home, conda or another venv.
    echo "$torch_home" > "$($python -c '
import sysconfig; print(sysconfig.get_path("purelib"))')/reused_torch.pth"
    grep -v '^torch==' $constraints > .venv/constraints.txt
    constraints=.venv/constraints.txt
elif [ -n "${MMAIR_TORCH_INDEX:-}" ]; then
    must_install --no-deps --index-url "$MMAIR_TORCH_INDEX" "$torch"
else
    # The CPU build where pip finds one; else the next step installs the
    # stock one.
    install --no-deps "$torch+cpu" || true
fi
must_install -c $constraints -r requirements/runtime.txt \
    -r requirements/mmlab.txt -r requirements/edge.txt \
    -r requirements/mqtt.txt -r requirements/tests.txt
must_install --no-deps --no-build-isolation -e .
echo "$state" > .venv/installed
echo "Installed in $SECONDS s."
