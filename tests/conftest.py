"""Which tower is under test, the options of the contract suite, and a loud word about all that did not run."""

import gc
from collections import Counter

import pytest

from config.packaged import packaged
from tests.support import tower_under_test
from tests.support.not_run import NOT_RUN
from tests.support.order import interleaved

_OUTPUT = "contract_not_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("tower", "the tower under test").addoption(
        "--shape",
        choices=sorted(packaged("towers")),
        default=tower_under_test.DEFAULT,
        help="run every test that is not about a certain tower on this one (default: %(default)s)",
    )
    group = parser.getgroup("contract", "contract suite on a real tower")
    group.addoption("--tower", metavar="FILE", help="also run the contract suite on the tower that FILE describes")
    group.addoption(
        "--allow-motion",
        action="store_true",
        help="leave to move the tower of --tower: nobody stands in it, and somebody holds the E-stop",
    )
    group.addoption("--run-dir", metavar="DIR", default=".", help="where relative serial devices of FILE stand")


def pytest_configure(config: pytest.Config) -> None:
    tower_under_test.choose(config.getoption("shape"))
    config.stash[NOT_RUN] = Counter()
    config.addinivalue_line("markers", "needs(*abilities): runs only on back ends that can do this")
    config.addinivalue_line("markers", "own_tower: names the tower that it is about; no --shape repeats it")
    config.addinivalue_line("markers", "tall: of the contract's sample on the tall tower and over TCP, in every run")
    config.addinivalue_line("markers", "long: takes five seconds or more, and is therefore begun before the others")


def pytest_report_header() -> str:
    shape = tower_under_test.tower_under_test().shape
    size = f"{shape.levels} levels, {len(shape.bays)} bays, {len(shape.rooms)} rooms"
    return f"tower under test: {tower_under_test.chosen().upper()} ({size})"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another tower under test would only repeat, and put the rest in the order of `interleaved`."""
    own = [item for item in items if item.get_closest_marker("own_tower")]
    if own and tower_under_test.chosen() != tower_under_test.DEFAULT:
        config.stash[NOT_RUN]["about towers of their own, which --shape does not change"] += len(own)
        config.hook.pytest_deselected(items=own)
        items[:] = [item for item in items if not item.get_closest_marker("own_tower")]
    items[:] = interleaved(items)


def pytest_collection_finish() -> None:
    """Leave the thousands of collected tests to themselves: each full collection of garbage would walk over them."""
    gc.collect()
    gc.freeze()
    # Rehearsals make much that dies young and little in cycles: looked at less often, a seed costs less.
    gc.set_threshold(50_000, 20, 20)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the reasons of a worker process to the one that reports."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        reasons: Counter[str] = session.config.stash[NOT_RUN]
        output[_OUTPUT] = dict(reasons)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take the reasons of a worker process: each of them collects the same tests, so any one's count is right."""
    del error
    output: dict[str, dict[str, int]] = getattr(node, "workeroutput", {})
    config: pytest.Config = node.config  # type: ignore[attr-defined]  # a worker of pytest-xdist has it
    for reason, count in output.get(_OUTPUT, {}).items():
        config.stash[NOT_RUN][reason] = count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if tower_under_test.chosen() != tower_under_test.DEFAULT:
        # Again, since a quiet run has no header.
        terminalreporter.section(pytest_report_header(), yellow=True)
    not_run = config.stash[NOT_RUN]
    if not_run:
        terminalreporter.section("deselected, and why")
        for reason, count in sorted(not_run.items()):
            terminalreporter.line(f"{count:4} {'test' if count == 1 else 'tests'}: {reason}", yellow=True)
