"""Word to a service manager: whom the environment names, what reaches them, and that nobody is waited for."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.notify import STATUS_S, Manager
from tests.support.managers import listener

PID = 4711


@pytest.mark.parametrize(
    ("environment", "manager"),
    [
        ({}, Manager()),
        ({"WATCHDOG_USEC": "60000000"}, Manager(watchdog_s=60.0)),
        ({"NOTIFY_SOCKET": "/run/n"}, Manager("/run/n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "500000"}, Manager("@n", 0.5)),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(PID)}, Manager("@n", 0.5)),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, Manager("@n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "0"}, Manager("@n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "-5 s"}, Manager("@n")),
    ],
    ids=str,
)
def test_the_environment_names_the_manager(environment: Mapping[str, str], manager: Manager) -> None:
    assert Manager.named_in(environment, PID) == manager


def test_two_signs_of_life_fit_into_the_time_that_is_waited_for_one() -> None:
    assert Manager("@n", 60.0).every_s == 30.0
    assert Manager("@n").every_s == STATUS_S


@pytest.mark.parametrize("abstract", [False, True])
def test_a_message_is_one_datagram(tmp_path: Path, *, abstract: bool) -> None:
    where = f"@cartower-test-{os.getpid()}" if abstract else tmp_path / "notify"
    with listener(where) as manager:
        Manager(manager.address).tell("WATCHDOG=1", "STATUS=IDLE")
        assert manager.told() == ["WATCHDOG=1", "STATUS=IDLE"]
        assert manager.told() == []


def test_nobody_is_told_nothing_and_who_does_not_take_it_is_not_waited_for(tmp_path: Path) -> None:
    Manager().tell("READY=1")
    Manager(str(tmp_path / "gone")).tell("READY=1")
    with listener(tmp_path / "full") as manager:
        for _ in range(5_000):  # more than a queue of datagrams takes
            Manager(manager.address).tell("WATCHDOG=1")
        assert 0 < len(manager.drain()) < 5_000


def test_without_a_file_descriptor_nobody_is_told_and_the_daemon_goes_on(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listener(tmp_path / "notify") as manager:
        free = os.dup(0)
        os.close(free)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            Manager(manager.address).tell("WATCHDOG=1")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert manager.told() == []
        Manager(manager.address).tell("WATCHDOG=1")
        assert manager.told() == ["WATCHDOG=1"]
