"""A person goes from bay to bay and says what stands there: believed as far as the sensors agree, else locked."""

import asyncio
from pathlib import Path

import pytest

from controller.domain.events import AuditPlace, ConfirmPlace, Query, Relocate, Store
from controller.domain.looks import Eye, Finding
from controller.domain.places import PlaceStatus
from hal.plcmap.shape import level_of
from sim_plc.plant.cars import Car
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.audits import told
from tests.support.places import LOW1, LOW2, ROOM, SHAPE, TOP1, TOP2
from tests.support.served_world import served_world
from tests.support.stage import Stage, stage
from tests.support.terminal import Terminal, arguments

CARS = {LOW1: Car("A"), TOP1: Car("C")}


async def says(it: Stage, place: int, car: str | None) -> object:
    """Tell what stands in a bay; return what came of it."""
    answer = await it.ask(AuditPlace(by="1000:kim", place=place, car=car))
    look = it.book.looks[place]
    assert (look.eye, look.by, look.finding.value) == (Eye.PERSON, "1000:kim", answer["finding"])
    assert answer["status"] == it.book.places[place].status.value
    return answer["finding"]


def test_what_agrees_is_believed_and_what_does_not_is_locked() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            assert await says(it, LOW1, "A") == "agreed"
            assert await says(it, LOW2, None) == "agreed"
            assert it.doubts() == set()
            # Nobody believes eyes against two contacts, nor two contacts against eyes.
            assert await says(it, TOP1, None) == "doubtful"
            assert await says(it, TOP2, "C") == "doubtful"
            assert it.doubts() == {TOP1, TOP2}
            assert await it.refused(Relocate(car="A", bay=TOP2)) == "BAY_NOT_USABLE"
            assert await says(it, TOP2, None) == "corrected"
            assert await says(it, TOP1, "C") == "corrected"
            assert it.doubts() == set()
            assert [event["by"] for event in told(it)] == ["1000:kim"] * 6

    loop.run(play())


def test_two_cars_that_were_taken_for_each_other_are_put_right() -> None:
    async def play() -> None:
        async with stage(cars={LOW1: Car("C"), TOP1: Car("A")}, execute=False) as it:
            for place, car in ((LOW1, "A"), (TOP1, "C")):
                await it.ask(ConfirmPlace(by="1000:kim", place=place, car=car))
            assert it.book.looks[LOW1].finding is Finding.CORRECTED
            assert await says(it, LOW1, "C") == "doubtful"
            assert str(TOP1) in it.book.places[LOW1].reason
            assert await says(it, TOP1, "A") == "corrected"
            assert await says(it, LOW1, "C") == "corrected"
            assert it.belief() == it.truth()

    loop.run(play())


def test_a_bay_that_a_job_counts_on_and_a_car_that_is_awaited_are_left_alone() -> None:
    async def play() -> None:
        async with stage(cars=CARS) as it:
            await it.ask(Store(car="D", room=ROOM))
            assert await it.refused(ConfirmPlace(place=TOP1, car="D")) == "CAR_AWAITED"
            assert it.book.looks == {}
            assert await says(it, TOP1, "D") == "doubtful"
            assert it.book.places[TOP1].car is None
            assert it.book.places[TOP1].status is PlaceStatus.UNVERIFIED

    loop.run(play())


@pytest.mark.realtime
def test_a_person_at_a_terminal_is_led_through_and_goes_on_where_they_stopped(tmp_path: Path) -> None:
    async def torn(it: Stage) -> None:
        wire: Wire = ("bay", TOP1, "occupied_b")
        it.world.do(lambda plant: plant.overrides.update({wire: False}))
        await asyncio.sleep(1.0)

    async def all_is_well(it: Stage) -> None:
        assert it.doubts() == {TOP1}
        assert set(it.book.looks) == set(bays) - {TOP2}
        answer = await it.ask(Query(what="audit"))
        assert isinstance(answer["bays"], list)
        assert answer["bays"][0]["place"] == TOP1

    level = level_of(TOP1)
    bays = SHAPE.bays_of(level)
    with served_world(tmp_path / "run", CARS) as tower:
        tower.play(torn)
        audit = arguments(tower.run_dir, "inventory", "audit", "--at-tower", "--level", str(level))
        with Terminal(*audit, columns=100, rows=60) as person:
            count = len(bays)
            for number, bay in enumerate(bays, start=1):
                at = f"bay {bay} ({number} of {count})"
                person.until(
                    lambda lines, at=at: at in "\n".join(lines) and "What stands there" in lines[-1],  # type: ignore[misc]
                    "asked",
                )
                car = CARS[bay].id if bay in CARS else "empty"
                person.type("skip\r" if bay == TOP2 else f"{car}\r")
            assert person.end() == 4, person.screen
            assert f"{count - 2} agreed, 0 corrected, 1 still doubtful, 1 skipped" in "\n".join(person.screen)
        with Terminal(*audit, columns=100, rows=60) as person:
            # What is doubtful comes first, then what was skipped; all else was seen.
            person.until(lambda lines: f"bay {TOP1} (1 of 2)" in "\n".join(lines), "asked about what is doubtful")
            person.type("quit\r")
            assert person.end() == 0, person.screen
        tower.play(all_is_well)
