#!/usr/bin/env bash
# Trains on a Slurm cluster:
#
#   bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of train.py]
#
# GPUS=8            processes in all, one a GPU
# GPUS_PER_NODE=8   processes on each machine; 0 on machines without GPUs,
#                   where Slurm spreads them
# CPUS_PER_TASK=5   cores of each process
# SRUN_ARGS         further arguments of srun
# MASTER_PORT       a free port; a random one by default
# OMP_NUM_THREADS=1 threads of each process, as under torchrun
set -euo pipefail
partition=$1 job_name=$2 config=$3
tools=$(dirname "${BASH_SOURCE[0]}")

placement=()
if [ "${GPUS_PER_NODE:=8}" -gt 0 ]; then
    placement=(--gres="gpu:$GPUS_PER_NODE" --ntasks-per-node="$GPUS_PER_NODE")
fi
export MASTER_PORT=${MASTER_PORT:-$((12000 + RANDOM % 20000))}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"
# shellcheck disable=SC2086  # SRUN_ARGS is split on purpose
exec srun --partition="$partition" --job-name="$job_name" \
    --ntasks="${GPUS:-8}" "${placement[@]}" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    python -u "$tools/train.py" "$config" --launcher slurm "${@:4}"
