# Names, addresses and ports of the tests' Slurm. Sourced by the scripts beside it.
# shellcheck shell=bash disable=SC2034
BRIDGE=slurmlab
NETWORK=10.99.77
CONTROLLER_PORT=27817
NODE_PORT=27818
ACCOUNTING_PORT=27819
DATABASE_PORT=27306
