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

. "$(dirname "$0")/apt-install.sh"
install_packages setup-slurm "$missing" "Slurm with slurmdbd, MUNGE, MariaDB and iproute2" "$packages"
slurmctld -V # sbatch's own version is refused where no cluster is configured
