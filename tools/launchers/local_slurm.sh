#!/usr/bin/env bash
# Starts Slurm on this machine, runs a command under it, stops it again:
#
#   export GPUS=2 GPUS_PER_NODE=0 CPUS_PER_TASK=1
#   bash tools/launchers/local_slurm.sh \
#       bash tools/slurm_train.sh local JOB_NAME CONFIG
#
# To try the scripts of a cluster without one. Needs munged, slurmctld and
# slurmd (Debian: munge, slurm-wlm), and no root. The partition is "local"; it
# has this machine, with room for 64 processes however many cores there are.
# All state is in a temporary folder, so a Slurm that is installed stays as it
# is. The exit status is that of the command.
set -euo pipefail

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
[ $# -gt 0 ] || { usage >&2; exit 2; }
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd srun; do
    command -v "$program" >/dev/null || {
        echo "error: $program was not found; Slurm is needed (Debian:" \
            "apt-get install munge slurm-wlm)" >&2
        exit 2
    }
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/slurm.XXXXXX")
daemons=()
stop() {
    trap - EXIT
    if [ ${#daemons[@]} -eq 3 ]; then
        scancel --quiet --user "$(id -un)" 2>/dev/null || true
        for _ in {1..50}; do  # what runs is slurmd's to end
            [ -n "$(squeue --noheader 2>/dev/null)" ] || break
            sleep 0.2
        done
    fi
    for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do  # munged last
        kill "${daemons[i]}" 2>/dev/null || true
        wait "${daemons[i]}" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# In a session of its own, where no Ctrl-C reaches it before its job has
# ended; and it ends with this script however that ends.
daemon() {
    setsid setpriv --pdeathsig TERM "$@" </dev/null \
        >"$folder/$1.out" 2>&1 &
    daemons+=($!)
}

(umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
# --force: others need not reach the socket.
daemon munged --foreground --force --key-file="$folder/munge.key" \
    --socket="$folder/munge.sock" --pid-file="$folder/munged.pid" \
    --seed-file="$folder/munge.seed" --log-file="$folder/munged.log"

node=$(hostname -s) user=$(id -un)
port=$((10000 + RANDOM % 1000 * 2))  # below those of slurm_train.sh
mkdir "$folder/state" "$folder/spool"
cat >"$folder/slurm.conf" <<EOF
ClusterName=local
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.sock
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
NodeName=$node NodeAddr=127.0.0.1 CPUs=64
PartitionName=local Nodes=$node Default=YES MaxTime=INFINITE
EOF
export SLURM_CONF=$folder/slurm.conf
daemon slurmctld -D
daemon slurmd -D

for _ in {1..300}; do
    case $(sinfo --noheader --format=%T 2>/dev/null || true) in
    idle) "$@"; exit 0 ;;
    esac
    sleep 0.2
done
echo "error: Slurm did not start; what its parts said last:" >&2
tail -n 5 "$folder"/*.out >&2
exit 1
