#!/usr/bin/env bash
# Trains with several processes by Open MPI, one a GPU, or on CPU:
#
#   bash tools/mpi_train.sh CONFIG PROCESSES [arguments of tools/train.py]
#
# Several machines: set MPIRUN_ARGS="--hostfile FILE", MASTER_ADDR to the
# machine of the first process, and PORT where 29500 is taken.
#
# MPIRUN_ARGS        further arguments of mpirun
# OMP_NUM_THREADS=1  threads of each process, as under torchrun
set -euo pipefail
config=$1 processes=$2
tools=$(dirname "${BASH_SOURCE[0]}")

export MASTER_PORT=${PORT:-29500} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"
arguments=(-x MASTER_PORT -x OMP_NUM_THREADS -x PYTHONPATH)
[ -z "${MASTER_ADDR:-}" ] || arguments+=(-x MASTER_ADDR)
# mpirun refuses root, whom a container often has.
[ "$(id -u)" -ne 0 ] || arguments+=(--allow-run-as-root)
# On one core a process would share it with its dataloader's workers.
# shellcheck disable=SC2086  # MPIRUN_ARGS is split on purpose
exec mpirun -np "$processes" --bind-to none "${arguments[@]}" \
    ${MPIRUN_ARGS:-} \
    python -u "$tools/train.py" "$config" --launcher mpi "${@:3}"
