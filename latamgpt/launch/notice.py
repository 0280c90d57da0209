"""A machine that will be taken away says so before: EC2 tells a spot instance two minutes ahead, by its metadata service.

IMDSv2: a token is asked for with PUT, and goes with every GET; what is not there is 404. Paths and the five seconds between two
looks are those of AWS' user guide for EC2, 'Spot Instance interruption notices'.
"""

import logging
import os
import threading
import urllib.request
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from urllib.error import HTTPError

log = logging.getLogger(__name__)

ENDPOINT_VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"  # as AWS' own programs call it
ENDPOINT = "http://169.254.169.254"
INTERRUPTION = "/latest/meta-data/spot/instance-action"
REBALANCE = "/latest/meta-data/events/recommendations/rebalance"
TOKEN_SECONDS = 21_600  # the longest that there is
ANSWER_SECONDS = 2.0
SECONDS_BETWEEN_LOOKS = 5.0


class Notice(StrEnum):
    """How the machines of a site say that they will be taken away."""

    NONE = "none"  # they are not, or only Slurm says so
    EC2 = "ec2"


class Metadata:
    """The metadata service of this machine."""

    def __init__(self, endpoint: str):
        self._endpoint = endpoint.rstrip("/")
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it answers on this machine's own network

    def read(self, path: str) -> str:
        """What lies there; '' where nothing does.

        Raises:
            OSError: the service does not answer, or refuses.
        """
        if not self._token:
            self._token = self._ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)})
        try:
            return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return ""
            if error.code == HTTPStatus.UNAUTHORIZED:
                self._token = ""  # it expired: another one the next time
            raise

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(f"{self._endpoint}{path}", method=method, headers=headers)
        with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return answer.read().decode()


def watch_for_notice(notice: Notice, tell: Callable[[str], None]) -> None:
    """Have a thread look until this machine's notice is there, and tell of it once; the process ends without waiting for it.

    A recommendation to move (EC2 gives it when an interruption has become likely) is logged and nothing else: most come to
    nothing. A service that does not answer is logged once and asked again.
    """
    if notice is Notice.EC2:
        metadata = Metadata(os.environ.get(ENDPOINT_VARIABLE) or ENDPOINT)
        threading.Thread(target=_watch, args=(metadata, tell), daemon=True, name="notice").start()


def _watch(metadata: Metadata, tell: Callable[[str], None]) -> None:
    logged: set[str] = set()
    pause = threading.Event()
    while True:
        try:
            if said := metadata.read(INTERRUPTION):
                tell(f"spot notice {said}")
                return
            if said := metadata.read(REBALANCE):
                _log_once(logged, "EC2 finds an interruption of this machine likely; the training goes on", said)
        except (OSError, ValueError) as error:
            _log_once(logged, "the metadata service of this machine does not say whether it will be taken away", str(error))
        pause.wait(SECONDS_BETWEEN_LOOKS)


def _log_once(logged: set[str], words: str, detail: str) -> None:
    if words not in logged:
        logged.add(words)
        log.warning("%s: %s", words, detail)
