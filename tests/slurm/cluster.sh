#!/usr/bin/env bash
# A Slurm of two nodes on this machine, for tests: everything it writes is below one directory, and it listens on loopback.
#   cluster.sh install        slurm-wlm and munge through apt, where they are missing
#   cluster.sh start DIR      starts it; then SLURM_CONF=DIR/slurm.conf makes sbatch and the others talk to it
#   cluster.sh node DIR N     starts slurmd of node N (n1 or n2) again
#   cluster.sh lose DIR N     kills node N as a power cut does: slurmd, its steps and all of their processes
#   cluster.sh stop DIR       ends all of it
# Needs root; needs neither systemd nor cgroups. Status 77 with a sentence where it cannot work here.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

cannot() { echo "$1" >&2; exit 77; }

have() { command -v slurmctld slurmd munged sbatch >/dev/null; }

install_slurm() {
    [ "$(id -u)" = 0 ] || cannot "starting a Slurm needs root"
    have && return
    command -v apt-get >/dev/null || cannot "slurm-wlm and munge are not installed, and there is no apt-get"
    # Services are not to be started: the test starts its own.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    { apt-get update -q && apt-get install -y -q --no-install-recommends slurm-wlm munge; } >&2 ||
        cannot "apt-get could not install slurm-wlm and munge"
    have || cannot "slurm-wlm and munge are installed and lack a program"
}

free_port() { # the next port from $1 on which nothing listens
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

start() {
    local dir=$1 host
    host=$(hostname -s)
    mkdir -p "$dir"/{state,n1,n2}
    # munged insists on directories that only their owner can write.
    chmod 755 "$dir"
    head -c 1024 /dev/urandom > "$dir/munge.key"
    chmod 600 "$dir/munge.key"
    local ctl n1 n2
    ctl=$(free_port $((20000 + RANDOM % 20000)))
    n1=$(free_port $((ctl + 1)))
    n2=$(free_port $((n1 + 1)))
    munged --force --num-threads=2 --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"
    cat > "$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctl
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
SlurmUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/completed.txt
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=${SLURMD_TIMEOUT:-10}
KillWait=2
CompleteWait=0
MinJobAge=3600
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=$n1,$n2 CPUs=2 RealMemory=500 State=UNKNOWN
PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
    export SLURM_CONF="$dir/slurm.conf"
    slurmctld -c -f "$SLURM_CONF"
    node "$dir" n1
    node "$dir" n2
    for _ in $(seq 1 120); do
        [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && return
        sleep 0.25
    done
    cannot "the two nodes did not come up: $(sinfo -h -N -o '%N %T' 2>&1 | tr '\n' ' ')"
}

node() {
    slurmd -N "$2" -f "$1/slurm.conf"
}

tree() { # a process and all below it
    local child
    for child in $(ps -o pid= --ppid "$1"); do tree "$child"; done
    echo "$1"
}

lose() {
    local dir=$1 name=$2 script
    # The daemon first, so that it reports nothing; then every step with its script and all that the script started.
    kill -KILL "$(cat "$dir/slurmd-$name.pid")" 2>/dev/null || true
    for script in $(pgrep -f "$dir/$name/job"); do
        # shellcheck disable=SC2046
        kill -KILL $(ps -o ppid= -p "$script") $(tree "$script") 2>/dev/null || true
    done
}

stop() {
    local dir=$1 file pid
    export SLURM_CONF="$dir/slurm.conf"
    scancel -u root 2>/dev/null || true
    for file in "$dir"/slurmd-n1.pid "$dir"/slurmd-n2.pid "$dir"/slurmctld.pid "$dir"/munged.pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2>/dev/null || continue
        # Its files may be removed after this: wait for its end, and do not wait for ever.
        for _ in $(seq 1 50); do
            [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}

case "${1:-}" in
    install) install_slurm ;;
    start | stop) "$1" "$2" ;;
    node | lose) "$1" "$2" "$3" ;;
    *) sed -n '2,8s/^# //p' "$0" >&2; exit 2 ;;
esac
