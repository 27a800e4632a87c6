"""The daemon before PLCs that let everything happen: it writes nothing that the contract's table forbids.

What counts as unsafe, and what it could not know, is said in `tests.support.command_judge`. What the rig must be able
to see is shown beside it: each condition of the daemon's own is taken away, and each time the judge names the rule.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import pytest

from controller.domain.interlocks import CutAt, RoomSituation, Situation, Wish, WishKind, explain
from hal.plcmap.codes import Opcode, Result
from hal.plcmap.frame import Content, Frame
from sim_plc.rehearsal import loop
from tests.support import wishful as w
from tests.support.moves import cause as cause_of
from tests.support.permissive_tower import Rehearsed, rehearse
from tests.support.wishful import BAY, OTHER, ROOM, Lack, at, car_at, first

pytestmark = pytest.mark.own_tower

JOBS: Final = 10_000
CHUNKS: Final = 20
"""The ten thousand by seed, in parts that several workers share, or that are run one by one: ``-k part-7``."""

MINUTES: Final = 15

LACKS: Final = (
    Lack("SAFETY", first(at(BAY), w.e_stop), w.open_way(BAY), "safety OK"),
    Lack("POWER", first(w.tripped), w.open_way(ROOM), "reset since the last trip"),
    Lack("NOT_HOMED", first(w.not_homed), w.position(BAY), "homed"),
    Lack("SHUTTLE_NOT_CENTRED", first(w.arms_out), w.position(BAY), "shuttle centred"),
    Lack("LOAD_NOT_SECURED", first(at(OTHER, aboard=True)), w.position(BAY), "load secured or absent"),
    Lack("INNER_DOOR_NOT_LOCKED", first(w.door_open), w.position(BAY), "every inner door closed and locked"),
    Lack("LATCH_NOT_LOCKED", first(at(BAY), w.bay_open), w.position(ROOM), "every latch locked"),
    Lack("NOT_HELD", first(at(BAY), w.brake_off), w.open_way(BAY), "lift and turntable held", also=("NOT_DOCKED",)),
    Lack("NOT_DOCKED", first(at(OTHER)), w.open_way(ROOM), "docked at that place"),
    Lack("WAY_NOT_OPEN", first(at(BAY), car_at(BAY)), w.pick(BAY), "latch or inner door open"),
    Lack("OUTER_GATE_NOT_LOCKED", first(w.gate_open), w.open_way(ROOM), "outer gate closed and locked"),
    Lack("CAR_NOT_IN_MARKS", first(car_at(ROOM, off_marks_mm=150), w.door_open), w.pick(ROOM), "car within its marks"),
    Lack("CARRIAGE_LOADED", first(at(BAY, aboard=True), w.clamped, w.bay_open, car_at(BAY)), w.pick(BAY),
         "carriage empty"),
    Lack("SOURCE_NOT_OCCUPIED", first(at(BAY), w.bay_open), w.pick(BAY), "source occupied"),
    Lack("CARRIAGE_EMPTY", first(at(BAY), w.bay_open), w.place_car(BAY), "carriage loaded"),
    Lack("TARGET_NOT_EMPTY", first(at(BAY, aboard=True), w.clamped, w.bay_open, car_at(BAY)), w.place_car(BAY),
         "target empty"),
    Lack("NOTHING_TO_RESUME", first(at(BAY), w.bay_open), w.undo, "an exchange was cut"),
    Lack("PERSON_SENSOR", first(w.sick_sensor), w.open_way(ROOM), "person sensor healthy"),
    Lack("PERSON_INSIDE", first(w.somebody_inside), w.open_way(ROOM), "nobody inside"),
    Lack("DOOR_PLANE", first(w.door_open, w.arms_out), w.close_way(ROOM), "door plane clear",
         also=("SHUTTLE_NOT_CENTRED",)),
    Lack("LIGHT_CURTAIN", first(w.gate_open, w.somebody_in_gate), w.close_gate, "light curtain clear"),
    Lack("CAR_HALF_WAY", first(w.gate_open, w.car_half_way), w.close_gate, "no car half-way"),
)  # fmt: skip


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.condition)
def test_each_interlock_of_the_daemon_is_missed_when_it_is_gone(lack: Lack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> tuple[set[str], set[str]]:
        it = w.trial()
        async with it.world.running():
            await it.ready()
            await lack.prepare(it)
            w.without_reference(monkeypatch)
            w.leave_out(monkeypatch, *lack.also)
            with_it = set(await it.watched(lack.act))
            w.leave_out(monkeypatch, *lack.also, lack.condition)
            return with_it, await it.watched(lack.act)

    with_it, without_it = loop.run(play())
    assert lack.rule not in with_it
    assert lack.rule in without_it


def test_no_condition_is_left_out_here() -> None:
    seen = RoomSituation(*[False] * 9)
    rooms = {ROOM: seen}
    values: dict[str, Any] = dict.fromkeys((field.name for field in fields(Situation)), False)
    values |= dict.fromkeys(("docked", "stands_at", "loaded", "place_occupied"))
    now = Situation(**values | {"substep": CutAt.EXTENDING, "latches_powered": {}, "rooms": rooms})
    wishes = [Wish(kind, place) for kind in WishKind for place in _places(kind)]
    assert {each.name for wish in wishes for each in explain(wish, now)} == {lack.condition for lack in LACKS}


def _places(kind: WishKind) -> tuple[int, ...]:
    return (ROOM,) if kind.name.endswith(("DOOR", "GATE")) else (ROOM, BAY)


def hold(runs: Rehearsed) -> None:
    print(runs)
    for seed, unsafe in runs.unsafe[:20]:
        print(f"  UNSAFE, seed {seed}: {unsafe}")
    assert not runs.unsafe


def moving(commands: Mapping[str, int]) -> int:
    return sum(count for name, count in commands.items() if not name.startswith(("STATION", "SIGNAL")))


def test_a_daemon_that_nobody_keeps_from_it_writes_nothing_unsafe() -> None:
    runs, seeds = Rehearsed(), iter(range(1, 6))
    # Which faults and lies a seed draws changes with every letter of the alphabet.
    while runs.ended < 5 or runs.faults.total() < 3:
        rehearse(next(seeds), 4, runs)
    hold(runs)
    assert moving(runs.commands) >= 30


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(CHUNKS), ids=lambda part: f"part-{part}")
def test_ten_thousand_jobs_of_it(part: int) -> None:
    runs, seed = Rehearsed(), 100_000 * (part + 1)
    while runs.ended < JOBS // CHUNKS:
        rehearse(seed, MINUTES, runs)
        seed += 1
    hold(runs)
    assert runs.faults.total() > 0
    assert runs.lies.total() > 0


def test_a_resume_that_is_sent_again_behind_its_own_end_is_judged_by_what_it_needs() -> None:
    """Found as seed 300002: its answer was lost, and with the exchange the place was gone that it was held against."""

    async def play() -> tuple[set[str], set[str]]:
        it = w.trial()
        async with it.world.running():
            await it.ready()
            tower = it.bench.tower
            again = tower.shuttle.resume()
            frame = Frame.build(epoch=1, boot_id=1, content=again.content, sequence=again.sequence).to_words()
            unit, address = tower.stations["tower"].map.unit, tower.stations["tower"].map.mailbox("shuttle")
            judge, box = it.world.judge, ("tower", "shuttle")
            judge._log.begins(box, Content(Opcode.PICK, BAY))
            judge._log.ends(box, Result.STOPPED)
            await w.known(it)
            judge.on_plant()
            judge._log.begins(box, again.content)
            judge._log.ends(box, Result.OK)
            judge.writes(it.world.now, unit, address, frame)
            at_once = set(judge.rules)
            await w.known(it)
            judge.on_plant()
            await w.known(it)
            judge.writes(it.world.now, unit, address, frame)
            return at_once, judge.rules

    at_once, later = loop.run(play())
    assert at_once == set()
    assert later == {"an exchange was cut"}


@pytest.mark.campaign
def test_the_seed_that_sent_a_resume_again() -> None:
    runs = Rehearsed()
    rehearse(300_002, MINUTES, runs)
    hold(runs)


def reset_with_arms_out(carriage: w.Prepare) -> tuple[set[str], str, int, int]:
    """Return the rules that a reset broke, its cause to refuse, and how often it drew a latch and homed the shuttle."""

    async def play() -> tuple[set[str], str, int, int]:
        it = w.trial()
        async with it.world.running():
            await it.ready()
            await first(carriage, w.arms_out)(it)
            before = it.world.judge.commands.copy()
            rules = await it.watched(lambda _: it.reset_anew())
            done = it.world.judge.commands - before
            return rules, cause_of(it), done["LATCHES UNLATCH"], done["SHUTTLE HOME"]

    return loop.run(play())


def test_a_reset_does_not_drive_arms_that_reach_through_a_way_that_is_not_open() -> None:
    rules, cause, drawn, homes = reset_with_arms_out(w.between_levels)
    assert (rules, drawn, homes) == (set(), 0, 0)
    assert "WAY_NOT_OPEN" in cause


def test_a_reset_draws_the_latch_at_the_arms_before_it_drives_them() -> None:
    rules, _, drawn, homes = reset_with_arms_out(at(BAY))
    assert (rules, drawn, homes) == (set(), 1, 1)
