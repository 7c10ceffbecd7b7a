#!/usr/bin/env bash
# Makes the EBEDB table of the README from data/ebedb.pkl:
#
#   bash tools/benchmarks/ebedb_cpu.sh
#
# Three seeds of AIR (about 35 minutes of one core each) and a network from
# scratch on each of 19 folds (about 40 minutes of one core in all); other
# seeds: SEEDS="0". What was finished before is kept, so it can be stopped
# and started again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=python
[ -x .venv/bin/python ] && python=.venv/bin/python
config=configs/air/air_stgcn_ebedb_cpu.py
out=work_dirs/ebedb_cpu
backbones=()
for seed in ${SEEDS:-0 1 2}; do
    [ -f "$out/seed$seed/backbone.pth" ] || $python tools/train.py $config \
        --seed "$seed" --work-dir "$out/seed$seed" --resume
    backbones+=("$out/seed$seed/backbone.pth")
done
$python tools/benchmarks/readout.py $config --work-dir $out \
    --backbone "${backbones[@]}" \
    --classes anger disgust fear joy neutral sadness surprise \
    --protocols xseq xrec xsub xsub_fixed \
    --supervised configs/stgcn/stgcn_ebedb_cpu.py
