#!/usr/bin/env bash
# Tests on a Slurm cluster:
#
#   bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT \
#       [arguments of test.py]
#
# Variables: as in tools/slurm_train.sh.
set -euo pipefail
partition=$1 job_name=$2 config=$3 checkpoint=$4
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
    python -u "$tools/test.py" "$config" "$checkpoint" --launcher slurm \
    "${@:5}"
