"""Spot's two-minute notice: asked for as AWS says, told once, and not mistaken for a recommendation."""

import logging
import queue
from collections.abc import Generator

import pytest

from latamgpt.launch import notice
from latamgpt.launch.notice import ENDPOINT_VARIABLE, INTERRUPTION, REBALANCE, Notice, watch_for_notice
from latamgpt.launch.site import read_site
from tests.conftest import ROOT
from tests.servers.metadata import NOTICE, Told, metadata_service

SECONDS = 20


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Generator[Told]:
    """A metadata service that has nothing to say, looked at often."""
    with metadata_service() as told:
        monkeypatch.setenv(ENDPOINT_VARIABLE, told.url)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # which must not be asked
        monkeypatch.setattr(notice, "SECONDS_BETWEEN_LOOKS", 0.01)
        yield told


def test_a_notice_is_told_once_and_a_token_that_expired_is_replaced(service: Told) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    watch_for_notice(Notice.EC2, heard.put)
    while len(service.asked) < 4:
        assert heard.empty()
    service.token = "another"
    service.says[INTERRUPTION] = NOTICE
    assert heard.get(timeout=SECONDS) == f"spot notice {NOTICE}"
    with pytest.raises(queue.Empty):
        heard.get(timeout=0.1)


def test_a_recommendation_and_a_silent_service_are_logged_once_and_end_nothing(
    service: Told, caplog: pytest.LogCaptureFixture
) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    service.says[REBALANCE] = '{"noticeTime": "2026-11-23T12:00:00Z"}'
    with caplog.at_level(logging.WARNING):
        watch_for_notice(Notice.EC2, heard.put)
        while service.asked.count(REBALANCE) < 3:
            assert heard.empty()
        service.token = "another"
        while service.asked.count(REBALANCE) < 6:
            assert heard.empty()
        service.says[INTERRUPTION] = NOTICE
        heard.get(timeout=SECONDS)
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "EC2 finds an interruption of this machine likely; the training goes on",
        "the metadata service of this machine does not say whether it will be taken away",
    ]


def test_nobody_asks_where_the_site_does_not_say_that_machines_are_taken_away(service: Told) -> None:
    watch_for_notice(Notice.NONE, lambda _: None)
    assert service.asked == []
    assert {name: read_site(ROOT, name).notice for name in ("aws", "laptop", "tarapaca")} == {
        "aws": Notice.EC2,
        "laptop": Notice.NONE,
        "tarapaca": Notice.NONE,
    }
