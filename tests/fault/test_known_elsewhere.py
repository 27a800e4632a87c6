"""What went wrong in other people's controllers, by their own bug lists: each test is named after what it prevents.

Orders, inventory and what people do; what happens on the wires is told in `test_known_elsewhere_wire`.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import Cancel, Query, Relocate, Request, Resolve, Retrieve, SetMode, Store, UnitCommand
from controller.domain.jobs import JobKind
from controller.domain.jobs import JobState as S
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitMode, UnitState
from hal.plcmap.codes import Opcode
from sim_plc.plant.cars import Car
from sim_plc.plant.plant import Plant
from sim_plc.plant.terminals import Wire
from sim_plc.rehearsal import loop
from tests.support.moves import (
    BAY,
    attend,
    caught,
    hold_against_truth,
    lines,
    move,
    moving,
    starts,
    station_states,
)
from tests.support.outputs import energised, requests
from tests.support.places import LOW1, LOW2, ROOM, TOP1, TOP2, TOP3
from tests.support.stage import QUICK, Stage, stage
from tests.support.tower_under_test import tower_under_test
from tests.support.towers import tower_named

CARS = {LOW1: Car("A"), TOP1: Car("C")}

PLC_DEATHS = (("tower", True), ("bays2", False), ("bays2", True))
"""A station, and whether it keeps its memory."""

UNHURRIED = {"machine__lift__speed_mm_s": "1000", "machine__latch__travel_s": "0.5"}
"""A way lasts long enough for something to happen on it."""


async def works(it: Stage, car: str = "A", bays: tuple[int, int] = (LOW2, TOP2)) -> None:
    """Hold that the next order is taken, carried out and booked truly."""
    number = await it.order(Relocate(car=car, bay=next(bay for bay in bays if bay not in it.truth().values())))
    assert await it.ended(number) is S.DONE, it.picture()
    hold_against_truth(it)


async def stands_parked(it: Stage, number: int) -> str:
    """Wait until a job is parked; return its reason."""
    await it.until(lambda: it.job(number).state is S.PARKED)
    return it.job(number).reason


async def closed_by_hand(it: Stage, number: int, place: int) -> None:
    """Close a parked job by hand, its car being at a place; a reset shuts the way that it left open."""
    await it.ask(Resolve(job=number, choice="by-hand", place=place))
    await it.command(UnitEvent.STOP, UnitState.STOPPED)
    await it.execute()


@pytest.mark.parametrize(
    "empty", [pytest.param(0, id="42 of 42", marks=pytest.mark.campaign), pytest.param(1, id="41 of 42")]
)
def test_a_full_tower_never_wedges_the_next_step(empty: int) -> None:
    """fischertechnik/plc_training_factory_24v #3: with the rack full a step was never left and the line stood."""

    async def play() -> None:
        tower = tower_named("guangzhou", "brisk")
        bays, room = tower.shape.bays, tower.shape.rooms[0]
        async with stage(tower, cars={bay: Car(f"F{bay}") for bay in bays[: len(bays) - empty]}) as it:
            if empty:
                it.world.do(lambda plant: plant.car_arrives(room, Car("last"), QUICK))
                assert await it.ended(await it.order(Store(car="last", room=room))) is S.DONE
                await it.until(lambda: it.room(room) is RoomState.VACANT)
            assert len(it.truth()) == len(bays) == 42
            begun = starts(it)
            assert await it.refused(Store(car="one too many", room=room)) == "TOWER_FULL"
            assert await it.refused(Relocate(car=f"F{bays[0]}", bay=bays[1])) == "BAY_OCCUPIED"
            assert (starts(it), it.unit) == (begun, UnitState.EXECUTE)
            out = await it.order(Retrieve(car=f"F{bays[0]}", room=room))
            assert await it.ended(out) is S.DONE
            it.world.do(lambda plant: plant.customer_collects(room, QUICK))
            await it.until(lambda: it.room(room) is RoomState.VACANT)
            it.world.do(lambda plant: plant.car_arrives(room, Car("next"), QUICK))
            assert await it.ended(await it.order(Store(car="next", room=room))) is S.DONE
            assert it.truth() == it.belief()
            assert it.belief()["next"] == bays[0]

    loop.run(play())


def test_a_car_that_is_not_here_never_yields_the_last_used_bay() -> None:
    """fischertechnik/plc_training_factory_24v #4: an absent item made the slot of the last order come instead."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            assert await it.ended(await it.order(Retrieve(car="C", room=ROOM))) is S.DONE
            it.world.do(lambda plant: plant.customer_collects(ROOM, QUICK))
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            begun = starts(it)
            orders: tuple[Request, ...] = (Retrieve(car="C"), Retrieve(car=""), Relocate(car="never seen", bay=LOW2))
            for order in orders:
                assert await it.refused(order) == "UNKNOWN_CAR"
            await asyncio.sleep(5.0)
            assert starts(it) == begun
            assert it.truth() == it.belief() == {"A": LOW1}

    loop.run(play())


def test_a_bay_that_is_empty_against_belief_yields_no_other_car() -> None:
    """The same bug with an inventory that is wrong: what is not there is not fetched, and nothing in its stead."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            show(it, TOP1, occupied=False)
            lies: dict[Wire, int] = {("carriage", f"place_occupied_{contact}"): False for contact in "ab"}
            it.world.do(lambda plant: plant.overrides.update(lies))
            number = await it.order(Retrieve(car="C", room=ROOM))
            assert "SOURCE" in await stands_parked(it, number)
            shuttle = [line for line in lines(it, "tower") if line.mechanism == "shuttle" and line.content]
            assert Opcode.PICK not in {line.content.opcode for line in shuttle if line.content}
            assert it.truth() == {"A": LOW1, "C": TOP1}
            assert it.world.plant.truth().carriage.car is None

    loop.run(play())


def show(it: Stage, bay: int, *, occupied: bool) -> None:
    """Let both contacts of a bay tell so from now on."""
    it.world.do(lambda plant: plant.overrides.update({("bay", bay, f"occupied_{c}"): occupied for c in "ab"}))


@pytest.mark.parametrize(
    ("station", "warm"),
    [("tower", False), *(pytest.param(*case, marks=pytest.mark.campaign) for case in PLC_DEATHS)],
)
def test_a_plc_that_dies_in_a_job_never_ends_the_taking_of_orders(station: str, *, warm: bool) -> None:
    """openTCS/opentcs-commadapter-vda5050 #2: after a restart an action was awaited that nobody knew any more."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW2))
            await caught(it, number, S.OPENING if station != "tower" else S.PICKING)
            bus = next(name for name, each in it.world.tower.bus.items() if station in each.stations)
            it.world.pull_cable(bus, out=True)
            await asyncio.sleep(5.0)
            it.world.cabinets.restart(station, warm=warm)
            it.world.pull_cable(bus, out=False)
            it.world.cabinets.reset(station)
            await attend(it, number)
            if it.job(number).state is S.PARKED:
                await it.ask(Resolve(job=number, choice="continue"))
                await attend(it, number)
            assert it.job(number).state is S.DONE
            await works(it, "A", (TOP2, TOP3))

    loop.run(play())


def test_a_cancel_that_is_repeated_does_what_one_does() -> None:
    """openTCS discussion 266: a cancel sent again while one ran was rejected, and the order looped for ever."""
    assert loop.run(cancelled(times=5)) == loop.run(cancelled(times=1))


async def cancelled(times: int) -> list[tuple[object, ...]]:
    """Cancel a job again and again on its way; return all that the PLCs did."""
    async with stage(tower_under_test(**UNHURRIED), cars=CARS) as it:
        number = await it.order(Retrieve(car="C", room=ROOM))
        await caught(it, number, S.POSITIONING_TO)
        await it.ask(Cancel(job=number))
        for _ in range(times - 1):
            assert await it.refused(Cancel(job=number)) == "JOB_STATE"
        assert await it.ended(number) is S.DIVERTED
        assert await it.refused(Cancel(job=number)) == "UNKNOWN_JOB"
        told = [event["state"] for event in it.world.events if event.get("job") == number and "state" in event]
        assert told.count("DIVERTED") == 1
        assert it.truth() == it.belief() == {"A": LOW1, "C": TOP1}
        return [(name, line.mechanism, line.sequence, line.event, line.result) for name, line in it.world.log]


@pytest.mark.parametrize("silent_s", [0.2, 5.0], ids=["not noticed yet", "noticed"])
def test_a_cancel_while_the_link_is_silent_leaves_no_order_in_process(silent_s: float) -> None:
    """openTCS/opentcs #27: an order withdrawn while its vehicle was not reached stayed "being processed"."""

    async def play() -> None:
        async with stage(tower_under_test(**UNHURRIED), cars=CARS) as it:
            number = await it.order(Retrieve(car="C", room=ROOM))
            await caught(it, number, S.POSITIONING_TO)
            it.world.pull_cable("tower", out=True)
            await asyncio.sleep(silent_s)
            with suppress(Refusal):
                await it.ask(Cancel(job=number))
            await asyncio.sleep(5.0)
            it.world.pull_cable("tower", out=False)
            if not it.job(number).diverting:
                # It was refused with what to do first, so that nobody believes it granted.
                await it.until(lambda: {"ONLINE"} == set(station_states(it)))
                await it.execute()
                await it.ask(Cancel(job=number))
            await attend(it, number)
            assert it.job(number).state is S.DIVERTED
            assert list(it.book.open_jobs()) == []
            await works(it)

    loop.run(play())


def test_a_later_job_that_fails_before_an_earlier_one_keeps_neither_from_its_end() -> None:
    """openTCS/opentcs #237: a sequence whose orders failed out of their order ended the dispatcher."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            earlier = await it.order(Store(car="late", room=ROOM))
            later = await it.order(Relocate(car="C", bay=TOP2))
            it.world.do(lambda plant: plant.shake_contact(("bay", TOP1, "latch_open"), 8.0))
            await stands_parked(it, later)
            assert it.job(earlier).state is S.QUEUED
            it.world.do(lambda plant: plant.car_arrives(ROOM, Car("late"), QUICK))
            await asyncio.sleep(20.0)
            last = await it.order(Relocate(car="A", bay=LOW2))
            await closed_by_hand(it, later, TOP1)
            for number in (last, earlier):
                await attend(it, number)
                assert it.job(number).state is S.DONE
            assert it.job(later).state is S.CLOSED_BY_HAND
            assert it.truth()["late"] == it.belief()["late"]

    loop.run(play())


def test_a_tower_that_executes_never_leaves_its_queue_waiting_behind_a_job_closed_by_hand() -> None:
    """The same bug by another way: ours stood in Execute with a carriage that nobody had verified, and said nothing."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=TOP2))
            await it.until(lambda: it.job(number).state is S.POSITIONING)
            it.world.do(lambda plant: plant.overrides.update({("carriage", "place_occupied_a"): False}))
            await stands_parked(it, number)
            it.world.do(lambda plant: plant.overrides.clear())
            waits = await it.order(Relocate(car="A", bay=LOW2))
            await it.ask(Resolve(job=number, choice="by-hand", place=TOP1))
            # The latch in front of the carriage stands open, and nothing but a reset will shut it.
            assert TOP1 in it.world.plant.truth().latches
            assert await it.refused(UnitCommand(event=UnitEvent.UNHOLD)) == "RESET_DUE"
            await it.command(UnitEvent.STOP, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(waits) is S.DONE

    loop.run(play())


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(2, 31))])
def test_an_idle_carriage_gets_orders_again_after_whatever_befell_it(seed: int) -> None:
    """openTCS/opentcs #275: after some faults an idle vehicle stood there, and no order was given to it any more."""
    rng = random.Random(seed)

    async def play() -> None:
        async with stage(cars=CARS, seed=seed) as it:
            for name in rng.sample(sorted(BEFALLS), k=3):
                for act in BEFALLS[name]:
                    act(it)
                    await asyncio.sleep(rng.uniform(1.0, 4.0))
                number = await it.order(Relocate(car="A", bay=next(b for b in (LOW2, TOP2) if b != it.belief()["A"])))
                await attend(it, number)
                assert it.job(number).state is S.DONE, (name, it.picture())
            hold_against_truth(it)

    loop.run(play())


BEFALLS: Mapping[str, tuple[Callable[[Stage], object], ...]] = {
    "e-stop": (
        lambda it: it.world.do(Plant.press_e_stop),
        lambda it: it.world.do(Plant.release_e_stop),
        lambda it: it.world.do(Plant.device_reset),
    ),
    "power cut": (
        lambda it: it.world.do(Plant.power_cut),
        lambda it: it.world.do(Plant.power_on),
        lambda it: it.world.do(Plant.device_reset),
    ),
    "cable": (
        lambda it: it.world.pull_cable("tower", out=True),
        lambda it: it.world.pull_cable("tower", out=False),
    ),
    "PLC": (lambda it: it.world.cabinets.restart("tower"),),
    "forgetful PLC": (
        lambda it: it.world.cabinets.restart("tower", warm=False),
        lambda it: it.world.cabinets.reset("tower"),
    ),
    "key": (
        lambda it: it.world.do(lambda plant: plant.set_maintenance_key(on=True)),
        lambda it: it.world.do(lambda plant: plant.set_maintenance_key(on=False)),
    ),
    "somebody in the shaft": (
        lambda it: it.world.do(lambda plant: plant.person_in_shaft(on=True)),
        lambda it: it.world.do(lambda plant: plant.person_in_shaft(on=False)),
        lambda it: it.world.do(Plant.device_reset),
    ),
}
"""What comes over a tower, and what people at the tower do about it."""


def test_a_job_that_failed_never_keeps_the_next_from_being_taken() -> None:
    """VDA5050/VDA5050 #269: whether a new order may be accepted behind a failed action was left open."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            failed = await it.order(Relocate(car="C", bay=TOP2))
            it.world.do(lambda plant: plant.shake_contact(("bay", TOP1, "latch_open"), 8.0))
            await stands_parked(it, failed)
            waits = await it.order(Relocate(car="A", bay=LOW2))
            await asyncio.sleep(10.0)
            assert it.job(waits).state is S.QUEUED
            assert await it.refused(Relocate(car="C", bay=TOP3)) == "CAR_HAS_JOB"
            await closed_by_hand(it, failed, TOP1)
            await attend(it, waits)
            assert it.job(waits).state is S.DONE
            assert it.truth()["A"] == it.belief()["A"] == LOW2

    loop.run(play())


def test_a_carriage_moved_by_hand_without_power_never_jumps_back() -> None:
    """Duet3D/RepRapFirmware #1119: a closed loop drove to where it had been as soon as its power came back."""

    async def play() -> None:
        async with stage(tower_under_test(**UNHURRIED), cars=CARS) as it:
            number = await it.order(Relocate(car="C", bay=LOW2))
            await caught(it, number, S.POSITIONING_TO)
            it.world.do(Plant.power_cut)
            await asyncio.sleep(3.0)
            assert moving(it.world.plant.truth()) == []
            by_hand_mm = it.world.plant.truth().carriage.lift.position - 400.0
            it.world.do(lambda plant: plant.wind_lift(by_hand_mm))
            begun = starts(it)
            for act in (Plant.power_on, Plant.device_reset):
                it.world.do(act)
                await asyncio.sleep(5.0)
            await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await asyncio.sleep(5.0)
            assert starts(it) == begun
            assert it.world.plant.truth().carriage.lift.position == by_hand_mm
            await it.execute()
            assert await it.ended(number) is S.DONE
            hold_against_truth(it)

    loop.run(play())


def test_a_car_moved_by_hand_without_power_is_known_nowhere_until_somebody_has_looked() -> None:
    """The same bug for what is stored: belief must not jump back either."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            it.world.do(Plant.power_cut)
            await asyncio.sleep(3.0)
            show(it, TOP1, occupied=False)
            show(it, TOP3, occupied=True)
            for act in (Plant.power_on, Plant.device_reset):
                it.world.do(act)
                await asyncio.sleep(1.0)
            await it.execute()
            assert it.doubts() == {TOP1, TOP3}
            assert await it.refused(Retrieve(car="C")) == "PLACE_UNVERIFIED"
            assert await it.refused(Relocate(car="A", bay=TOP3)) == "BAY_NOT_USABLE"
            number = await it.order(Relocate(car="A", bay=LOW2))
            assert await it.ended(number) is S.DONE

    loop.run(play())


BEFORE_THE_STOP: Mapping[UnitState, tuple[UnitEvent, ...]] = {
    UnitState.EXECUTE: (),
    UnitState.HELD: (UnitEvent.HOLD,),
    UnitState.STOPPED: (UnitEvent.STOP,),
}

STATES_AND_MODES = [
    (UnitState.EXECUTE, UnitMode.PRODUCTION),
    (UnitState.STOPPED, UnitMode.MANUAL),
    pytest.param(UnitState.HELD, UnitMode.PRODUCTION, marks=pytest.mark.campaign),
    pytest.param(UnitState.STOPPED, UnitMode.MAINTENANCE, marks=pytest.mark.campaign),
]
"""The mode can be changed only where nothing runs."""


@pytest.mark.parametrize(("state", "wanted"), STATES_AND_MODES)
def test_an_emergency_stop_leaves_the_mode_and_never_a_higher_state(state: UnitState, wanted: UnitMode) -> None:
    """LinuxCNC/linuxcnc #40: the mode jumped after an E-stop, and the operator's next key did something else."""

    async def play() -> None:
        async with stage(cars=CARS) as it:
            for event in BEFORE_THE_STOP[state]:
                await it.command(event, state)
            if wanted is not UnitMode.PRODUCTION:
                await it.ask(SetMode(mode=wanted))
            mode = await mode_of(it)
            assert mode == wanted.name
            seen: set[tuple[UnitState, object]] = set()
            for act in (Plant.press_e_stop, Plant.release_e_stop, Plant.device_reset):
                it.world.do(act)
                for _ in range(30):
                    await asyncio.sleep(0.1)
                    seen.add((it.unit, await mode_of(it)))
            # What stood already has nothing to abort: it stays where no motion can begin without a reset.
            assert it.unit is (UnitState.STOPPED if state is UnitState.STOPPED else UnitState.ABORTED)
            assert {unit for unit, _ in seen} <= {state, UnitState.ABORTING, UnitState.ABORTED}
            assert {shown for _, shown in seen} == {mode}
            for event in (UnitEvent.START, UnitEvent.UNHOLD):
                assert await it.refused(UnitCommand(event=event)) == "UNIT_STATE"
            if it.unit is UnitState.ABORTED:
                assert await it.refused(UnitCommand(event=UnitEvent.RESET)) == "UNIT_STATE"
                await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            assert await mode_of(it) == mode

    loop.run(play())


RUNNING = (
    S.PICKING,
    *(
        pytest.param(step, marks=pytest.mark.campaign)
        for step in (S.POSITIONING, S.OPENING, S.POSITIONING_TO, S.OPENING_TO, S.PLACING)
    ),
)


async def mode_of(it: Stage) -> object:
    unit = (await it.ask(Query(what="status")))["unit"]
    assert isinstance(unit, dict)
    return unit["mode"]


@pytest.mark.parametrize("step", RUNNING)
def test_an_abort_never_arms_an_output_again(step: S) -> None:
    """LinuxCNC/linuxcnc #2764: an abort restored the stored modal state, and with it the spindle turned again."""

    async def play() -> None:
        async with move(JobKind.RETRIEVE) as (it, number):
            await caught(it, number, step)
            plant = it.world.plant
            on = energised(plant)
            await it.ask(UnitCommand(event=UnitEvent.ABORT))
            await it.until(lambda: energised(plant) <= on and it.unit is UnitState.ABORTED)
            on, asked = energised(plant), requests(plant)
            assert not {name for name in on if name.endswith(("let go", "opens", "closes"))}
            for _ in range(2):
                for _ in range(50):
                    await asyncio.sleep(0.1)
                    assert energised(plant) <= on
                    assert requests(plant) == asked
                if it.unit is UnitState.ABORTED:
                    await it.command(UnitEvent.CLEAR, UnitState.STOPPED)
            await it.execute()
            assert await it.ended(number) is S.DONE
            hold_against_truth(it)

    loop.run(play())


class Bookkeeper:
    """A witness that holds each change of the book against the steel at the instant of the change."""

    def __init__(self, it: Stage) -> None:
        self.it = it
        self.changes = 0
        self._was = self._claims()

    def look(self) -> None:
        """Judge what the book claims anew: a car is booked where it rests, and off where it has gone."""
        truth = self.it.world.plant.truth()
        now = self._claims()
        for number, car in now.items():
            if self._was.get(number, car) == car:
                continue
            self.changes += 1
            at = truth.carriage.car if number == CARRIAGE else truth.cars.get(number)
            assert at == car, f"{self.it.world.now:.2f} s: {number} is booked as {car} and holds {at}"
            assert truth.carriage.arms_centred
        self._was = now

    def _claims(self) -> dict[int, str | None]:
        """Return the car of each place that is called verified; a room's is its own machine's."""
        rooms = self.it.world.tower.shape.rooms
        places = [place for place in self.it.book.places.values() if place.status is not PlaceStatus.UNVERIFIED]
        return {place.number: place.car for place in places if place.number not in rooms}


@pytest.mark.parametrize("kind", [JobKind.RETRIEVE, pytest.param(JobKind.STORE, marks=pytest.mark.campaign)])
def test_the_inventory_is_never_ahead_of_the_steel_and_the_way_back_stays_open(kind: JobKind) -> None:
    """Opentrons/opentrons #18824: a recovery booked its last step before it was done, and "back" always failed."""

    async def play() -> None:
        async with move(kind) as (it, number):
            keeper = Bookkeeper(it)
            while it.job(number).state is not S.PLACING or not half_way(it):
                keeper.look()
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.03)
            it.world.cabinets.restart("tower", warm=False)
            await asyncio.sleep(3.0)
            it.world.cabinets.reset("tower")
            await attend(it, number)
            job = it.job(number)
            assert job.state is S.PARKED
            assert job.target is not None
            assert it.book.places[job.target].status is not PlaceStatus.OCCUPIED
            back = "put-back" if kind is JobKind.RETRIEVE else "continue"
            await it.ask(Resolve(job=number, choice=back))
            await attend(it, number)
            assert it.job(number).state is (S.CANCELLED if kind is JobKind.RETRIEVE else S.DONE)
            hold_against_truth(it)
            assert keeper.changes
            if kind is JobKind.RETRIEVE:
                assert it.truth()[job.car] == BAY

    loop.run(play())


def half_way(it: Stage) -> bool:
    carriage = it.world.plant.truth().carriage
    return carriage.comb.moving and not carriage.arms_centred
