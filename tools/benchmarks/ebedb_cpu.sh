#!/usr/bin/env bash
# Regenerates the EBEDB table of the README from data/ebedb.pkl:
#
#   bash tools/benchmarks/ebedb_cpu.sh
#
# Three seeds of AIR (25 minutes each on two idle cores) and a network from
# scratch on each of 19 folds (25 minutes in all). What was finished before
# is kept, so it can be stopped and started again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=python
[ -x .venv/bin/python ] && python=.venv/bin/python
config=configs/air/air_stgcn_ebedb_cpu.py
out=work_dirs/ebedb_cpu
for seed in 0 1 2; do
    [ -f $out/seed$seed/backbone.pth ] || $python tools/train.py $config \
        --seed $seed --work-dir $out/seed$seed --resume
done
$python tools/benchmarks/readout.py $config --work-dir $out \
    --backbone $out/seed{0,1,2}/backbone.pth \
    --classes anger disgust fear joy neutral sadness surprise \
    --protocols xseq xrec xsub xsub_fixed \
    --supervised configs/stgcn/stgcn_ebedb_cpu.py
