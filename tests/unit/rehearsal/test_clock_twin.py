"""The wall clock changes no delay (I19): a run with a wrong clock is, at the PLCs, the run with a right one.

Nobody books in them: an appointment is a time of day, and an hour wrong it is refused as past or kept an hour later.
"""

import pytest

from config.load import load_tower
from controller import logs
from sim_plc.rehearsal.faults import clock
from sim_plc.rehearsal.run import End, Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S

logs.set_up(now=lambda: EPOCH_S, level="critical")

SMALL = load_tower("small")
LETTERS = (clock.CLOCK_HOUR, clock.CLOCK_DECADE, clock.CLOCK_SLEW, clock.CLOCK_LEAP)
"""A computer that boots in 1970 has lost its power, which is another fault."""


def run_of(seed: int, minutes: float, *, wrong: bool) -> tuple[list[tuple[float, object]], End | None, int]:
    """Return what the PLCs did and when, how it ended, and how often the clock was touched."""
    done: list[tuple[float, object]] = []

    def note(t: float, kind: str, body: object) -> None:
        if kind == "plc":
            done.append((t, body))

    options = Options(kinds=LETTERS, booked=False, script=None if wrong else ())
    report = rehearse(SMALL, seed, minutes, options, note)
    assert report.good, report
    return done, report.end, len(report.script)


@pytest.mark.parametrize(
    ("seeds", "minutes"), [(range(1), 1.0), pytest.param(range(50), 15.0, marks=pytest.mark.campaign)]
)
def test_a_wrong_clock_changes_nothing_that_the_plcs_do(seeds: range, minutes: float) -> None:
    touched = 0
    for seed in seeds:
        right, wrong = run_of(seed, minutes, wrong=False), run_of(seed, minutes, wrong=True)
        assert right[:2] == wrong[:2], seed
        assert right[0]
        touched += wrong[2]
    print(f"\n{len(seeds)} seeds, the clock touched {touched} times: the same commands at the same instants")
    assert touched
