"""Who may bring a tower back after a trip, or release a blocked room: as the alarm catalogue says, and at the tower."""

from controller.domain.alarms import AlarmState, Tag
from controller.domain.book import Book
from controller.domain.events import AlarmAct, AlarmCommand, Request, UnitCommand
from controller.domain.refusal import Refusal
from controller.domain.roles import ON_SITE, ROLE, Role
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from sim_plc.rehearsal import loop
from tests.support.places import ROOM
from tests.support.stage import Stage, stage

CLEAR = UnitCommand("7:kim", event=UnitEvent.CLEAR)
RESET = UnitCommand("7:kim", event=UnitEvent.RESET)


async def turned_away(it: Stage, request: Request, role: Role, *, on_site: bool = False) -> str:
    """Return the rule of a refusal behind which all is as it was."""
    state, before = it.unit, kept(it.book)
    try:
        await it.world.ask(request, role, on_site=on_site)
    except Refusal as refusal:
        assert (it.unit, kept(it.book)) == (state, before)
        return refusal.rule
    raise AssertionError("granted")


def kept(book: Book) -> object:
    return dict(book.places), dict(book.jobs), dict(book.intents), dict(book.sequences)


def test_behind_a_trip_the_clear_takes_whoever_clears_its_cause_acknowledged_or_not() -> None:
    async def play() -> None:
        async with stage() as it:
            it.world.do(lambda plant: plant.press_e_stop())
            it.world.do(lambda plant: plant.set_slack_rope(on=True))
            await it.until(lambda: it.unit is UnitState.ABORTED and Tag("SLACK_ROPE") in it.book.alarms)
            it.world.do(lambda plant: plant.release_e_stop())
            it.world.do(lambda plant: plant.set_slack_rope(on=False))
            it.world.do(lambda plant: plant.device_reset())
            await it.until(lambda: it.book.alarms[Tag("E_STOP")].state is AlarmState.RETURNED_UNACKNOWLEDGED)
            everything = AlarmCommand("7:kim", act=AlarmAct.ACKNOWLEDGE, number="all")
            assert await turned_away(it, everything, Role.VIEWER) == ROLE
            await it.world.ask(everything, Role.OPERATOR, on_site=False)
            assert await turned_away(it, CLEAR, Role.VIEWER, on_site=True) == ROLE
            assert await turned_away(it, CLEAR, Role.OPERATOR, on_site=True) == ROLE
            assert await turned_away(it, CLEAR, Role.TECHNICIAN) == ON_SITE
            reset = AlarmCommand("7:kim", act=AlarmAct.RESET, number="107")
            assert await turned_away(it, reset, Role.OPERATOR, on_site=True) == ROLE
            await it.world.ask(reset, Role.TECHNICIAN)
            await it.world.ask(CLEAR, Role.TECHNICIAN)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            await it.world.ask(RESET, Role.OPERATOR, on_site=False)
            await it.until(lambda: it.unit is UnitState.IDLE)

    loop.run(play())


def test_a_blocked_room_is_released_by_somebody_who_has_looked_inside() -> None:
    async def play() -> None:
        async with stage() as it:
            await it.until(lambda: it.room(ROOM) is RoomState.VACANT)
            it.world.do(lambda plant: plant.use_escape(ROOM))
            await it.until(lambda: it.room(ROOM) is RoomState.BLOCKED and it.unit is UnitState.ABORTED)
            it.world.do(lambda plant: plant.restore_escape(ROOM))
            it.world.do(lambda plant: plant.device_reset())
            await it.until(lambda: it.world.daemon is not None and it.world.daemon.board.status["safety"]["closed"])  # type: ignore[index]
            assert await turned_away(it, CLEAR, Role.OPERATOR) == ON_SITE
            await it.world.ask(CLEAR, Role.OPERATOR)
            await it.until(lambda: it.unit is UnitState.STOPPED)
            assert await turned_away(it, RESET, Role.OPERATOR) == ON_SITE
            await it.world.ask(RESET, Role.OPERATOR)
            await it.until(lambda: it.unit is UnitState.IDLE and it.room(ROOM) is not RoomState.BLOCKED)

    loop.run(play())
