#!/bin/sh
# A Slurm of one's own, for tests: controller, node daemon, accounting with its database, and how they know each other.
# A site's login node has sbatch already; nothing here is needed to use it.
set -eu
packages="slurm-wlm slurmdbd munge mariadb-server iproute2"

PATH=$PATH:/usr/sbin:/sbin
missing=""
for program in sbatch slurmctld slurmd slurmdbd munged mariadbd ip; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -z "$missing" ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "setup-slurm: missing:$missing. There is no apt-get here: install Slurm with slurmdbd, MUNGE, MariaDB and iproute2 by this" \
        "system's own means" >&2
    exit 2
fi
if [ "$(id -u)" != 0 ]; then
    echo "setup-slurm: missing:$missing. Installing needs root: sudo apt-get install $packages" >&2
    exit 2
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
sbatch --version
