#!/usr/bin/env bash
# Trains with several processes on each machine, one a GPU, or on CPU:
#
#   bash tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
#
# Several machines: set NNODES, NODE_RANK and MASTER_ADDR on each, and PORT
# where 29500 is taken.
set -euo pipefail
config=$1 processes=$2
tools=$(dirname "${BASH_SOURCE[0]}")

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" \
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node-rank="${NODE_RANK:-0}" \
    --master-addr="${MASTER_ADDR:-127.0.0.1}" \
    --master-port="${PORT:-29500}" --nproc-per-node="$processes" \
    "$tools/train.py" "$config" --launcher pytorch "${@:3}"
