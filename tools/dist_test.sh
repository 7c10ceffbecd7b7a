#!/usr/bin/env bash
# Tests with several processes on each machine, one a GPU, or on CPU:
#
#   bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of test.py]
#
# Several machines: as in tools/dist_train.sh.
set -euo pipefail
config=$1 checkpoint=$2 processes=$3
tools=$(dirname "${BASH_SOURCE[0]}")

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" \
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    --master-port="${PORT:-29500}" --nproc-per-node="$processes" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
