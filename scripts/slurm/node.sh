#!/bin/bash
# One node of the Slurm that up.sh started: node.sh FOLDER NUMBER up|down. `down` is a power cut: all of its processes are killed
# and its address is gone, and nobody is told.
set -euo pipefail
folder=$(realpath "${1:?usage: node.sh FOLDER NUMBER up|down}")
i=${2:?which node}
. "$(dirname "$(realpath "$0")")/network.sh"
PATH=$PATH:/usr/sbin:/sbin
space=$BRIDGE-node$i

up() {
    ip netns add "$space"
    ip link add "$BRIDGE$i" type veth peer name eth0 netns "$space"
    ip link set "$BRIDGE$i" master "$BRIDGE" up
    ip -n "$space" address add "$NETWORK.$((10 + i))/24" dev eth0
    ip -n "$space" link set lo up
    ip -n "$space" link set eth0 up
    # `ip netns exec` hides the control groups, and slurmd would end: so nsenter. The loop takes up what daemons leave behind.
    SLURM_CONF=$folder/etc/slurm.conf setsid nsenter --net="/run/netns/$space" \
        unshare --uts --mount --pid --fork --kill-child --mount-proc bash -c "hostname node$i
            mount --bind '$folder/etc/hosts' /etc/hosts
            slurmd -D -N node$i & while :; do sleep 1000 & wait -n; done" </dev/null >>"$folder/log/node$i.out" 2>&1 &
    echo $! >"$folder/node$i.pid"
}

down() {
    kill -9 "$(cat "$folder/node$i.pid")" 2>/dev/null || true
    ip netns pids "$space" 2>/dev/null | xargs --no-run-if-empty kill -9 2>/dev/null || true
    ip link delete "$BRIDGE$i" 2>/dev/null || true
    ip netns delete "$space" 2>/dev/null || true
    rm -f "$folder/node$i.pid"
}

case ${3:-} in
up) up ;;
down) down ;;
*)
    echo "node: ${3:-nothing} is neither up nor down" >&2
    exit 2
    ;;
esac
