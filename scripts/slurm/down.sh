#!/bin/bash
# End the Slurm that up.sh started: down.sh FOLDER. Its files and logs stay.
set -euo pipefail
folder=$(realpath "${1:?usage: down.sh FOLDER}")
here=$(dirname "$(realpath "$0")")
. "$here/network.sh"
PATH=$PATH:/usr/sbin:/sbin

stop() {
    local file=$folder/$1.pid pid
    [ -s "$file" ] || return 0
    pid=$(cat "$file")
    rm -f "$file"
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq 200); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep .05
    done
    kill -9 "$pid" 2>/dev/null || true
}

for file in "$folder"/node*.pid; do
    [ -e "$file" ] || continue
    i=${file##*/node}
    "$here/node.sh" "$folder" "${i%.pid}" down
done
# In this order: the controller hands what it knows to the accounting, and the accounting to the database.
for daemon in slurmctld slurmdbd munged mariadbd; do stop $daemon; done
ip link delete "$BRIDGE" 2>/dev/null || true
