"""Ports of the user interfaces: one that another program has is named before anything starts."""

import socket

from dagster_project.home import Address
from latamgpt.errors import OperatorError


def must_be_free(address: Address) -> None:
    """Refuse a port that another program has.

    Raises:
        OperatorError: it is in use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise in_use(address, error) from error


def in_use(address: Address, error: OSError) -> OperatorError:
    """What is said of a port that another program has."""
    return OperatorError(
        f"port {address.port} on {address.host} is in use, so {address.name} cannot listen there ({error.strerror}). "
        "Stop the other program (perhaps another `make ui`), or choose a port: "
        f"{address.variable}={address.port + 10} make ui"
    )
