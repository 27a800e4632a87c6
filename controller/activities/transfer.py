"""The steps of one car move, each safe to begin again: what sensors prove as done is not done twice.

A step returns what it did as `Done`: records that settle its commands, to be committed together with what the step
changes in the inventory.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from controller.activities import homing, readings
from controller.activities.context import Bench
from controller.activities.primitive import Errand, Motion, StepFailed, carry_out_legs, carry_out_ok
from controller.activities.situation import require
from controller.domain.interlocks import Wish, WishKind
from controller.domain.records import Record, Settled
from controller.domain.travel import STOOD, Part, shorter_way_mdeg
from hal.interfaces import Prepared
from hal.plcmap.registers import latches_station
from hal.plcmap.shape import level_of
from hal.readings import Loaded

SECOND_OPINION_S = 2.0
"""How long the other station's sensors may lag behind: an idle poll and its debounce."""

_ASTRAY_SHARE: Final = 0.25
"""By which share of its tolerance a carriage may stand beside a level to the side to which the next exchange moves it:
a car that it takes lowers it on its ropes, one that it puts down raises it."""


_WAY_WISHES: Final = {
    (False, False): WishKind.LATCH,
    (False, True): WishKind.UNLATCH,
    (True, False): WishKind.CLOSE_INNER_DOOR,
    (True, True): WishKind.OPEN_INNER_DOOR,
}
"""By: in a room, opening."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is proven done, with its physical bound and the number of serial commands that it took."""

    records: list[Record] = field(default_factory=list)
    bound_s: float = 0.0
    commands: int = 0
    lift: Part = STOOD
    """Of a travel: the lift's part, and the turntable's."""
    turn: Part = STOOD


async def position(bench: Bench, errand: Errand, place: int) -> Done:
    """Dock the carriage at a place, lift and turntable together, or one after the other on the generator.

    One that was stopped beside the level, if inside its tolerance, is levelled while the way is shut.

    Raises:
        StepFailed: it is not docked there, or may not move.

    """
    if _is_docked(bench, place):
        return Done()
    await homing.reference(bench)
    await require(bench, Wish(WishKind.MOVE_LIFT, place), Wish(WishKind.MOVE_TURNTABLE, place))
    lift_s, turn_s = _parts_s(bench, place)
    legs = await carry_out_legs(bench, errand, *_axes_to_move(bench, place))
    if readings.docked_place(bench) != place:
        raise StepFailed("NOT_DOCKED", f"the moves succeeded but the carriage is not proven docked at {place}")
    parts = [
        Part(bound_s, _ran_s(legs.records, axis.mechanism.name))
        for axis, bound_s in ((bench.tower.lift, lift_s), (bench.tower.turntable, turn_s))
    ]
    return Done(legs.records, legs.bound_s, legs.commands, *parts)


def _ran_s(records: Sequence[Record], mechanism: str) -> float | None:
    """Return how long a mechanism ran by the records that settle its command; None: it had none, or nobody knows."""
    ran_ms = [each.ran_ms for each in records if isinstance(each, Settled) and each.mechanism == mechanism]
    return next((each / 1000 for each in ran_ms if each is not None), None)


def carriage_bound_s(bench: Bench, place: int) -> float:
    """Return the bound of docking at a place from where the carriage stands: 0 when it is docked there."""
    if _is_docked(bench, place):
        return 0.0
    return bench.motion.both_s(*_parts_s(bench, place))


def _parts_s(bench: Bench, place: int) -> tuple[float, float]:
    """Return the bounds of the lift and of the turntable on their way to a place, 0 for what stands there."""
    lift_s = 0.0 if _lift_stands(bench, place) else _lift_s(bench, place)
    return lift_s, 0.0 if _turntable_stands(bench, place) else _turn_s(bench, place)


def _lift_s(bench: Bench, place: int) -> float:
    return bench.kinematics.lift_s(bench.tower.lift.position_mm, bench.shape.poses[place].height_mm)


def _turn_s(bench: Bench, place: int) -> float:
    return bench.kinematics.turntable_s(bench.tower.turntable.position_mdeg, bench.shape.poses[place].angle_mdeg)


async def open_way(bench: Bench, errand: Errand, place: int) -> Done:
    """Open the latch (bay) or the inner door (room) of the place where the carriage is docked.

    A latch is drawn also when it shows open: one that does not fall home may do so later, and onto the arms, if
    nothing holds it.

    Raises:
        StepFailed: it is not proven open.

    """
    return await _set_way(bench, errand, place, opening=True)


async def close_way(bench: Bench, errand: Errand, place: int) -> Done:
    """Close the latch (bay) or the inner door (room) of a place.

    Raises:
        StepFailed: it is not proven closed.

    """
    return await _set_way(bench, errand, place, opening=False)


async def close_behind(bench: Bench, errand: Errand, place: int) -> Done:
    """Close the way of the place at which the carriage stands, as far as that is known, before it leaves.

    With the carriage docked nowhere it is done only once every way is closed: the one that its job opened may be
    another, and the next step closes none but before axes are homed.

    Raises:
        StepFailed: it is not proven closed, or another one is open.

    """
    done = await close_way(bench, errand, place)
    if readings.docked_place(bench) is None and bench.tower.lift.homed and bench.tower.turntable.homed:
        _require_every_way_closed(bench)
    return done


async def pick(bench: Bench, errand: Errand, place: int) -> Done:
    """Take the car of a place onto the carriage, or finish a pick that was cut.

    Raises:
        StepFailed: the load is not proven on the carriage and gone from the place.

    """
    if not bench.tower.shuttle.resumable and is_picked(bench, place):
        return Done()
    return await _proven_exchange(bench, errand, place, picking=True)


async def place_car(bench: Bench, errand: Errand, place: int) -> Done:
    """Put the car from the carriage onto a place, or finish a placing that was cut.

    Raises:
        StepFailed: the load is not proven gone from the carriage and standing at the place.

    """
    if not bench.tower.shuttle.resumable and is_placed(bench, place):
        return Done()
    return await _proven_exchange(bench, errand, place, picking=False)


def is_picked(bench: Bench, place: int) -> bool:
    """Return whether the car of a place is proven to be on the carriage, all inside."""
    shuttle = bench.tower.shuttle
    return shuttle.centred and shuttle.loaded is Loaded.YES and readings.presence(bench, place) is Loaded.NO


def is_placed(bench: Bench, place: int) -> bool:
    """Return whether a car is proven to stand at a place, and the carriage empty, all inside."""
    shuttle = bench.tower.shuttle
    return shuttle.centred and shuttle.loaded is Loaded.NO and readings.presence(bench, place) is Loaded.YES


async def undo_exchange(bench: Bench, errand: Errand) -> Done:
    """Let an exchange that was cut, if one was, go the other way.

    Raises:
        StepFailed: it could not.

    """
    if not bench.tower.shuttle.resumable:
        return Done()
    return await _end_cut(bench, errand, cut_at(bench), WishKind.UNDO)


async def take_aboard(bench: Bench, errand: Errand) -> Done:
    """Bring the car of a cut exchange onto the carriage: a pick goes on, a placing goes back.

    A placing whose way back was cut goes on with that: undone once more, it would end at the place that was given up.

    Raises:
        StepFailed: it could not, or the car is not proven on the carriage.

    """
    here, kind = cut_at(bench), WishKind.RESUME if bench.tower.shuttle.picking else WishKind.UNDO
    done = await _end_cut(bench, errand, here, kind)
    try:
        await prove(bench, here, at_place=Loaded.NO, on_carriage=Loaded.YES)
    except StepFailed:
        await bench.keeper.commit(*done.records)
        raise
    return done


def cut_at(bench: Bench) -> int:
    """Return where an exchange was cut.

    Raises:
        StepFailed: the carriage is not proven docked anywhere.

    """
    here = readings.docked_place(bench)
    if here is None:
        raise StepFailed("NOT_DOCKED", "an exchange was cut, and the carriage is not proven docked anywhere")
    return here


async def _end_cut(bench: Bench, errand: Errand, here: int, kind: WishKind) -> Done:
    """Let a cut exchange go on or back, whichever ``kind`` says."""
    way = await open_way(bench, errand, here)
    await require(bench, Wish(kind, here))
    shuttle, bound_s = bench.tower.shuttle, bench.kinematics.exchange_s()
    command = shuttle.undo() if kind is WishKind.UNDO else shuttle.resume()
    records = await carry_out_ok(bench, errand, command, bound_s=bound_s)
    await _seen(bench, here, lambda: is_picked(bench, here) or is_placed(bench, here))
    return Done([*way.records, *records], way.bound_s + bound_s, way.commands + 1)


async def put_back(bench: Bench, errand: Errand, source: int, verify: Callable[[], Awaitable[None]]) -> Done:
    """Bring the car of a job back to its source and close the way; also when it never left.

    An exchange that was cut at another place than the source has been ended before (`take_aboard`).

    ``verify`` is called with the carriage docked at the source, before the car is put there: whoever cannot verify
    that the source is free raises `StepFailed`.

    Raises:
        StepFailed: the car is not proven back, or a step on the way failed.

    """
    shuttle, began_at = bench.tower.shuttle, readings.docked_place(bench)
    if shuttle.resumable and not shuttle.picking and began_at == source:
        # The way back itself was cut: it goes on. Undone, it would end on the carriage again, or nowhere.
        parts = [await open_way(bench, errand, source), await place_car(bench, errand, source)]
    else:
        parts = [await undo_exchange(bench, errand)]
    # With axes that are not homed nothing counts as docked any more, and yet the way there is open.
    here = readings.docked_place(bench) or began_at
    if bench.tower.shuttle.loaded is Loaded.YES:
        if here is not None and here != source:
            parts.append(await close_way(bench, errand, here))
        parts += [await step(bench, errand, source) for step in (position, open_way)]
        await verify()
        parts.append(await place_car(bench, errand, source))
        here = source
    if here is not None:
        parts.append(await close_way(bench, errand, here))
    else:
        _require_every_way_closed(bench)
    if readings.presence(bench, source) is not Loaded.YES:
        raise StepFailed("LOAD_NOT_PROVEN", f"the car is not proven back at {source}")
    records = [record for part in parts for record in part.records]
    return Done(records, sum(part.bound_s for part in parts), sum(part.commands for part in parts))


async def prove(bench: Bench, place: int, *, at_place: Loaded, on_carriage: Loaded) -> None:
    """Wait until the carriage's sensors and the place's own agree on the load.

    Raises:
        StepFailed: they do not within `SECOND_OPINION_S`.

    """
    shuttle = bench.tower.shuttle

    def agrees() -> bool:
        proven = shuttle.loaded is on_carriage and readings.presence(bench, place) is at_place
        return proven and bench.tower.dock.occupied is at_place and not shuttle.resumable

    if not await _seen(bench, place, agrees):
        wanted = f"the carriage {readings.SEEN[on_carriage]} and place {place} {readings.SEEN[at_place]}"
        raise StepFailed("LOAD_NOT_PROVEN", f"the sensors do not prove {wanted}")


def _require_every_way_closed(bench: Bench) -> None:
    if not readings.every_way_closed(bench):
        raise StepFailed("NOT_DOCKED", "a way is open, and the carriage is not proven docked before any")


async def _set_way(bench: Bench, errand: Errand, place: int, *, opening: bool) -> Done:
    proven = readings.way_open if opening else readings.way_closed
    held_by_coil = opening and place not in bench.shape.rooms
    if proven(bench, place) and not held_by_coil:
        return Done()
    await require(bench, Wish(_WAY_WISHES[place in bench.shape.rooms, opening], place))
    wanted, bound_s = _way(bench, place, opening=opening)
    records = await carry_out_ok(bench, errand, wanted, bound_s=bound_s)
    await _second_opinion(bench, place, opening=opening)
    return Done(records, bound_s, 1)


async def _proven_exchange(bench: Bench, errand: Errand, place: int, *, picking: bool) -> Done:
    """Pick or place, and prove it; that the command has ended is kept even if nothing proves what came of it."""
    done = await _exchange(bench, errand, place, picking=picking)
    at_place, on_carriage = (Loaded.NO, Loaded.YES) if picking else (Loaded.YES, Loaded.NO)
    try:
        await prove(bench, place, at_place=at_place, on_carriage=on_carriage)
    except StepFailed:
        await bench.keeper.commit(*done.records)
        raise
    return done


async def _exchange(bench: Bench, errand: Errand, place: int, *, picking: bool) -> Done:
    """Pick or place at a place, or go on with the exchange that was cut there."""
    shuttle, bound_s = bench.tower.shuttle, bench.kinematics.exchange_s()
    if shuttle.resumable:
        if shuttle.picking is not picking:
            raise StepFailed("WRONG_EXCHANGE", f"the exchange that was cut is not a {'pick' if picking else 'placing'}")
        await _hold_open(bench, errand, place)
        await require(bench, Wish(WishKind.RESUME, place))
        command = shuttle.resume()
    else:
        await require(bench, Wish(WishKind.PICK if picking else WishKind.PLACE, place))
        command = shuttle.pick(place) if picking else shuttle.place(place)
    return Done(await carry_out_ok(bench, errand, command, bound_s=bound_s), bound_s, 1)


def _axes_to_move(bench: Bench, place: int) -> list[Motion]:
    tower = bench.tower
    still_s = bench.kinematics.still_s()
    lift = Motion(partial(tower.lift.move_to, place), _lift_s(bench, place), still_s)
    turn = Motion(partial(tower.turntable.move_to, place), _turn_s(bench, place), still_s)
    wanted = [
        axis
        for axis, stands in ((lift, _lift_stands(bench, place)), (turn, _turntable_stands(bench, place)))
        if not stands
    ]
    # Both stand, yet the carriage is not docked: let the lift level again.
    return wanted or [lift]


def _is_docked(bench: Bench, place: int) -> bool:
    """Return whether the carriage is docked at a place, and so that it can stay for an exchange that has not begun."""
    if readings.docked_place(bench) != place:
        return False
    begun = bench.tower.shuttle.resumable or not readings.way_closed(bench, place)
    return begun or _lift_stands(bench, place)


def _lift_stands(bench: Bench, place: int) -> bool:
    """Return whether the lift is held at a place's level, not so far astray that an exchange moves it off the dock."""
    lift, tolerance_mm = bench.tower.lift, bench.shape.height_tolerance_mm
    above_mm = lift.position_mm - bench.shape.poses[place].height_mm
    astray_mm = above_mm if bench.tower.shuttle.loaded is Loaded.YES else -above_mm
    return lift.held and abs(above_mm) <= tolerance_mm and astray_mm <= _ASTRAY_SHARE * tolerance_mm


def _turntable_stands(bench: Bench, place: int) -> bool:
    turntable = bench.tower.turntable
    off_mdeg = shorter_way_mdeg(turntable.position_mdeg, bench.shape.poses[place].angle_mdeg)
    return turntable.held and off_mdeg <= bench.shape.angle_tolerance_mdeg


def _way(bench: Bench, place: int, *, opening: bool) -> tuple[Prepared, float]:
    if place in bench.shape.rooms:
        door = bench.tower.rooms[place].inner_door
        return (door.open() if opening else door.close()), bench.kinematics.door_s()
    latches = bench.tower.latches[level_of(place)]
    wanted = latches.unlatch(place) if opening else latches.latch(place)
    return wanted, bench.kinematics.latch_s()


async def _second_opinion(bench: Bench, place: int, *, opening: bool) -> None:
    """Wait until every station that sees the way of a place agrees on it."""
    proven = readings.way_open if opening else readings.way_closed
    if not await _seen(bench, place, lambda: proven(bench, place)):
        state = "open" if opening else "closed"
        raise StepFailed("WAY_NOT_PROVEN", f"the way at {place} is not proven {state} by every contact")


async def _seen(bench: Bench, place: int, shown: Callable[[], bool]) -> bool:
    """Return whether the stations that see a place show something in time; they are asked out of turn if not yet."""
    if not shown():
        look_at(bench, place)
    return await bench.news.until(shown, SECOND_OPINION_S)


async def _hold_open(bench: Bench, errand: Errand, place: int) -> None:
    """Draw the latch of a bay again before a cut exchange goes on there, whatever its contacts show.

    Arms that reach through keep a latch open that nothing holds any more; it would fall as they leave.

    Raises:
        StepFailed: it is not drawn.

    """
    if place in bench.shape.rooms:
        return
    await require(bench, Wish(WishKind.UNLATCH, place))
    wanted, bound_s = _way(bench, place, opening=True)
    await bench.keeper.commit(*await carry_out_ok(bench, errand, wanted, bound_s=bound_s))


def look_at(bench: Bench, place: int) -> None:
    """Ask the stations that see a place for a new image now."""
    bench.tower.stations["tower"].kick()
    if place not in bench.shape.rooms:
        bench.tower.stations[latches_station(place)].kick()
