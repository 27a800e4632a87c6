"""How many alarms a storm of faults puts before people: by seed, in virtual time.

Of one tower people can take 10 in any ten minutes and 5 of a root cause, storms included. Counted is what the daemon
told, as `cartower alarms load` counts what its journal keeps.
"""

import pytest

from config.load import load_tower
from controller import logs
from controller.domain.alarm_load import (
    MOST_A_CAUSE,
    MOST_IN_10_MIN,
    Annunciation,
    DayLoad,
    day_loads,
    most_frequent,
)
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.faults import plc, safety, wire
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.faults.letter import Letter
from sim_plc.rehearsal.run import Options, Play
from sim_plc.rehearsal.world import EPOCH_S

pytestmark = pytest.mark.own_tower

LENGTH_S = 900.0
SHORT_S = 120.0
"""As many faults in much less time: worse, and sooner done."""

logs.set_up(now=lambda: EPOCH_S, level="critical")


def alarms_of(seed: int, length_s: float, kinds: tuple[Letter, ...]) -> list[Annunciation]:
    """Run a seed; return every alarm as it was put before people."""
    shown: list[Annunciation] = []

    async def play() -> None:
        it = Play(load_tower("small"), seed, Options(kinds=kinds, aimed=False))

        def take(kind: str, body: object) -> None:
            if kind == "told" and isinstance(body, dict) and body["event"] == "alarm" and body["active"]:
                shown.append(Annunciation(it.world.now, body["number"], body["code"], body["burst"]))

        it.world.on_note = take
        async with it.world.running():
            await it.run(length_s)

    loop.run(play())
    return shown


def judged(
    seeds: range, length_s: float = LENGTH_S, kinds: tuple[Letter, ...] = ALPHABET
) -> list[Annunciation]:
    """Run seeds with faults of some kinds; return all that was shown.

    Raises:
        AssertionError: it was more than people can take.

    """
    every: list[Annunciation] = []
    for seed in seeds:
        shown = alarms_of(seed, length_s, kinds)
        for load in day_loads(shown, lambda _at: f"seed {seed}"):  # noqa: B023 - used before the next seed
            assert load.worst_10_min <= MOST_IN_10_MIN, load
            assert load.worst_cause <= MOST_A_CAUSE, load
        every += shown
    return every


def test_a_storm_is_told_in_few_alarms() -> None:
    # A rig that raises nothing proves nothing.
    assert judged(range(4, 6), SHORT_S, (safety.E_STOP, safety.KEY, plc.PLC_COLD, wire.CUT, wire.NOISE))


def test_a_wire_that_comes_and_goes_is_few_alarms_of_one_cause() -> None:
    """Found in a seed: half a minute of noise raised each station, and their line, again and again."""
    assert judged(range(5, 6), LENGTH_S, (wire.NOISE, wire.CUT))


@pytest.mark.campaign
def test_no_storm_is_more_than_people_can_take() -> None:
    every = judged(range(200))
    print(f"\n{len(every)} alarms in 200 quarters of an hour, most often {most_frequent(every, 5)}")


def test_a_flood_would_be_seen() -> None:
    flood = [Annunciation(float(n), "102", "E_STOP", 1) for n in range(MOST_IN_10_MIN + 1)]
    (load,) = day_loads(flood, lambda _at: "")
    assert isinstance(load, DayLoad)
    assert (load.worst_10_min, load.worst_cause) == (MOST_IN_10_MIN + 1, MOST_IN_10_MIN + 1)
