"""Back ends of the tower contract suite: each test that asks for `backend` runs over every one of them.

What the drivers of a tower promise is the same on all: fake, in-memory, TCP, RTU on a pty, steel. Each test in
``tower`` starts with all stations online and enabled, everything closed and homed, no car but in bays; it may leave the
carriage and the cars elsewhere in the bays.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from config.load import load_tower
from tests.support import openers
from tests.support.backends import Backend, LastingBackend, NamedOpener, VirtualBackend
from tests.support.bench import Ability
from tests.support.not_run import NOT_RUN
from tests.support.tower_under_test import chosen

EVERYTHING = frozenset(Ability)

TALL_TOWER = "autostadt"
TALL = f"in-memory {TALL_TOWER}"
"""The contract on the tall tower, a sample of it whatever tower is under test."""

ABILITIES = {
    "fake": EVERYTHING - {Ability.WIRE, Ability.DEAD_MAN},
    "in-memory": EVERYTHING,
    TALL: EVERYTHING,
    "tcp": EVERYTHING,
    "tcp-fc16": EVERYTHING - {Ability.MACHINE},
    "tls": EVERYTHING,
    "rtu": EVERYTHING,
    "hardware": EVERYTHING - {Ability.SILENCE, Ability.POWER},
}
"""What each back end can do."""

VIRTUAL: Mapping[str, NamedOpener] = {"fake": openers.fake_bench, "in-memory": openers.memory_bench}
LASTING: Mapping[str, NamedOpener] = {
    "tcp": openers.tcp_bench,
    "tcp-fc16": partial(openers.tcp_bench, fc23=False),
    "tls": openers.tls_bench,
    "rtu": openers.rtu_bench,
}
REAL_TIME = {*LASTING, "hardware"}

SITE_PATIENCE_S = 1800.0
"""Longest scenario on steel."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        params = [
            pytest.param(name, marks=pytest.mark.realtime if name in REAL_TIME else ()) for name in ABILITIES
        ]
        metafunc.parametrize("backend", params, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen, left_out = [], []
    for item in items:
        reason = _why_not(config, item)
        if reason:
            config.stash[NOT_RUN][reason] += 1
            left_out.append(item)
        else:
            chosen.append(item)
            if _is_of_a_campaign(item):
                item.add_marker(pytest.mark.campaign)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    one = _backend(request.param, request.config)
    yield one
    one.close()


def _why_not(config: pytest.Config, item: pytest.Item) -> str:
    """Return why a test does not run on its back end; empty if it does."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "backend" not in callspec.params:
        return ""
    name: str = callspec.params["backend"]
    if name == TALL and chosen() == TALL_TOWER:
        return f"{name}: it is the tower under test, on every back end"
    missing = "" if name != "hardware" else _missing_leave(config)
    lacks = [each.value for mark in item.iter_markers("needs") for each in mark.args if each not in ABILITIES[name]]
    reasons = [missing] if missing else lacks
    return f"{name}: {', '.join(reasons)}" if reasons else ""


def _missing_leave(config: pytest.Config) -> str:
    if not config.getoption("tower", None):
        return "no --tower FILE --allow-motion was given"
    return "" if config.getoption("allow_motion") else "--tower FILE was given without --allow-motion"


def _backend(name: str, config: pytest.Config) -> Backend:
    if name == TALL:
        return VirtualBackend(partial(openers.memory_bench, TALL_TOWER))
    if name in VIRTUAL:
        return VirtualBackend(partial(VIRTUAL[name], chosen()))
    if name in LASTING:
        return LastingBackend(partial(LASTING[name], chosen()))
    tower = load_tower(Path(config.getoption("tower")))
    run_dir = Path(config.getoption("run_dir"))
    return LastingBackend(lambda: openers.site_bench(tower, run_dir), SITE_PATIENCE_S, rest_s=None)


def _is_of_a_campaign(item: pytest.Item) -> bool:
    """Tell whether a test only repeats over TLS what a machine does over TCP: half a minute of waiting.

    Or over TCP what it does on the back end of ptys, whose tower station is reached by TCP; or on the tall tower what a
    small one shows. Of these two every run plays a sample.
    """
    callspec = getattr(item, "callspec", None)
    backend = callspec.params.get("backend") if callspec is not None else None
    of_a_machine = any(Ability.MACHINE in mark.args for mark in item.iter_markers("needs"))
    in_the_sample = item.get_closest_marker("tall") is not None
    match backend:
        case "tls":
            return of_a_machine
        case "tcp":
            return of_a_machine and not in_the_sample
        case _:
            return backend == TALL and not in_the_sample
