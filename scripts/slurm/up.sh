#!/bin/bash
# Start a real Slurm on this machine: up.sh FOLDER [NODES]. Needs root and what `make setup-slurm` installs; no systemd.
# Controller, accounting and database run here. Each node is a process tree of its own, with its own host name, network
# address and process numbers, and shares this machine's files. Then:
#     FOLDER/etc/slurm.conf   is what SLURM_CONF must name for sbatch, squeue, scancel
#     scripts/slurm/node.sh   takes a node away and brings it back
#     scripts/slurm/down.sh   ends all of it
set -euo pipefail
folder=$(realpath -m "${1:?usage: up.sh FOLDER [NODES]}")
nodes=${2:-2}
here=$(dirname "$(realpath "$0")")
# shellcheck source=scripts/slurm/network.sh
. "$here/network.sh"
PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "slurm up: $*" >&2
    exit 2
}
wait_for() { # SECONDS NAME COMMAND...
    local tries=$(($1 * 20)) name=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $((tries -= 1)) -lt 0 ]; then
            tail -n 5 "$folder"/log/* >&2 || true
            fail "$name did not answer in time; its last words are above. End what was started: $here/down.sh $folder"
        fi
        sleep .05
    done
}

[ "$(id -u)" = 0 ] || fail "network namespaces need root. Run it with sudo."
for program in slurmctld slurmd slurmdbd munged mariadbd ip nsenter; do
    command -v $program >/dev/null || fail "$program is missing. Run: make setup-slurm"
done
! ip link show "$BRIDGE" >/dev/null 2>&1 || fail "one stands already on this machine. End it first: $here/down.sh FOLDER"
[ ! -e "$folder" ] || [ -z "$(ls -A "$folder")" ] || fail "$folder is not empty. Name a new folder."
[ ${#folder} -le 70 ] || fail "$folder is ${#folder} characters long; a step's socket adds 31 and more, and may have 107. Name a shorter one."

mkdir -p "$folder"/{etc,log,state,munge,database}
chmod 755 "$folder" "$folder/munge"
(umask 077 && head -c 1024 /dev/urandom >"$folder/etc/munge.key")
munged --force --key-file="$folder/etc/munge.key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed"

mariadb-install-db --no-defaults --user=root --datadir="$folder/database" --auth-root-authentication-method=socket \
    --skip-test-db >"$folder/log/mariadb-install.log" 2>&1 || fail "no database could be made: see $folder/log/mariadb-install.log"
setsid mariadbd --no-defaults --user=root --datadir="$folder/database" --socket="$folder/database.socket" \
    --pid-file="$folder/mariadbd.pid" --bind-address=127.0.0.1 --port=$DATABASE_PORT --innodb-lock-wait-timeout=900 \
    --innodb-buffer-pool-size=64M --innodb-log-file-size=32M --log-error="$folder/log/mariadbd.log" </dev/null >/dev/null 2>&1 &
wait_for 30 mariadbd mariadb-admin --no-defaults --socket="$folder/database.socket" ping
password=$(head -c 16 /dev/urandom | sha256sum | cut -c 1-32)
mariadb --no-defaults --socket="$folder/database.socket" --execute "create database accounting;
    create user slurm@127.0.0.1 identified by '$password'; grant all on accounting.* to slurm@127.0.0.1;"

(umask 077 && cat >"$folder/etc/slurmdbd.conf") <<CONF
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$ACCOUNTING_PORT
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
LogFile=$folder/log/slurmdbd.log
PidFile=$folder/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$DATABASE_PORT
StorageUser=slurm
StoragePass=$password
StorageLoc=accounting
CommunicationParameters=NoInAddrAny
CONF

# cred_expire: a requeued job starts again after as many seconds, and not after two minutes. config_overrides: nodes may claim
# more cores than the machine has. ReturnToService: a node that comes back may work again. A job of the partition work takes
# the nodes of jobs in the partition spare, which have 20 s to make room.
cat >"$folder/etc/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=controller($NETWORK.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
SlurmctldPort=$CONTROLLER_PORT
SlurmdPort=$NODE_PORT
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmctldTimeout=30
SlurmdTimeout=10
ReturnToService=2
KillWait=2
JobRequeue=1
MpiDefault=none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$ACCOUNTING_PORT
AccountingStoragePass=$folder/munge/socket
$(for i in $(seq "$nodes"); do echo "NodeName=node$i NodeAddr=$NETWORK.$((10 + i)) CPUs=8 RealMemory=16000 State=UNKNOWN"; done)
PartitionName=work Nodes=ALL Default=YES MaxTime=60 PriorityTier=2 State=UP
PartitionName=spare Nodes=ALL MaxTime=60 PriorityTier=1 GraceTime=20 State=UP
CONF
{
    echo "127.0.0.1 localhost"
    echo "$NETWORK.1 controller"
    for i in $(seq "$nodes"); do echo "$NETWORK.$((10 + i)) node$i"; done
} >"$folder/etc/hosts"
export SLURM_CONF=$folder/etc/slurm.conf

slurmdbd
wait_for 30 slurmdbd sacctmgr --noheader show cluster
ip link add "$BRIDGE" type bridge
ip address add $NETWORK.1/24 dev "$BRIDGE"
ip link set "$BRIDGE" up
setsid unshare --uts --mount bash -c "hostname controller && mount --bind '$folder/etc/hosts' /etc/hosts && exec slurmctld -c -D" \
    </dev/null >>"$folder/log/slurmctld.out" 2>&1 &
wait_for 30 slurmctld bash -c "scontrol ping | grep -q UP"
for i in $(seq "$nodes"); do "$here/node.sh" "$folder" "$i" up; done
wait_for 30 slurmd bash -c "[ \$(sinfo --noheader --Node --partition=work --states=idle --format=%n | wc -l) = $nodes ]"
echo "slurm up: $nodes nodes. SLURM_CONF=$SLURM_CONF"
