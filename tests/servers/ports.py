"""Ports for the servers that tests start: below those that outgoing connections get, and apart for each process of pytest."""

import os
import socket

PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
FIRST, PER_PROCESS, STEP = 18000, 1000, 7
GRPC_TWIN = 10000  # SeaweedFS listens there as well
PORT_VARIABLES = ("LATAMGPT_DAGSTER_PORT", "LATAMGPT_MLFLOW_PORT", "LATAMGPT_DOCS_PORT")


def free_port() -> int:
    """A port that is free now, with the few above it for the same server."""
    first = FIRST + PER_PROCESS * PROCESS
    for port in range(first, first + PER_PROCESS, STEP):
        try:
            for number in (port, port + GRPC_TWIN):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port
    raise RuntimeError(f"no free port between {first} and {first + PER_PROCESS}")


def free_ports() -> dict[str, str]:
    """A free port for each of the user interfaces, by the variable that names it."""
    base = free_port()
    return {name: str(base + position) for position, name in enumerate(PORT_VARIABLES)}
