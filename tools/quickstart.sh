#!/usr/bin/env bash
# From a fresh clone to a trained emotion recogniser and a page of pictures:
#
#   bash tools/quickstart.sh
#
# Pre-trains AIR without labels on a small synthetic data set, reads emotion
# out of what it learned, and gathers tables and pictures in one HTML page.
# tools/setup_env.sh says how to choose Python and torch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash tools/setup_env.sh
config=configs/air/air_stgcn_quickstart.py
work_dir=work_dirs/quickstart
SECONDS=0
.venv/bin/python tools/train.py $config --work-dir $work_dir
.venv/bin/python tools/benchmarks/readout.py $config --work-dir $work_dir
.venv/bin/python tools/analysis_tools/report.py $work_dir
echo "Quickstart finished in $SECONDS s."
