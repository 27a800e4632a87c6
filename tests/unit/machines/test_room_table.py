"""The transfer room against a matrix typed by hand, and the stories of the state table told as event sequences.

A row is a state, a column an event; `.` is a refusal, `=` accepted without a change, `!` blocks the room.
"""

import pytest

from controller.domain.rooms import RoomEvent, RoomState
from controller.fsm import IllegalTransition, check_complete
from controller.machines.room import REFUSED, RULES, room_machine

MATRIX = """
                  res rel dock plc tak gop gcl pin pou out inw won wof clr mok mre nsh flt oos bck
UNKNOWN           .   .   .    cpr .   =   =   =   =   =   =   =   =   vac .   .   .   !   .   .
VACANT            rsv .   .    .   .   !   =   !   =   =   !   !   =   =   .   .   .   !   oos .
RESERVED          .   clg com  .   .   opn =   =   =   =   !   !   =   =   .   .   .   !   .   .
CAR_COMING        .   clg =    cpr .   !   =   !   =   !   !   =   =   =   .   .   .   !   .   .
CAR_PRESENT       .   .   .    .   .   adm =   =   =   !   !   =   !   .   acc .   clg !   .   .
CUSTOMER_ADMITTED .   .   .    .   .   =   cpr =   =   dep !   =   dep .   .   .   .   !   .   .
DEPARTING         .   .   .    .   .   =   clg =   =   =   !   adm =   .   .   .   .   !   .   .
CLEARING          .   .   lea  cpr .   dep =   =   =   =   !   !   =   vac .   .   .   !   .   .
CAR_LEAVING       com .   =    cpr =   !   =   !   =   !   !   =   =   vac .   .   .   !   .   .
OPEN_FOR_CAR      .   ref .    .   .   =   rsv =   =   =   mea =   =   .   .   .   clg !   .   .
MEASURING         .   ref .    cpr .   =   =   =   =   opn =   =   =   .   acc ref .   !   .   .
ACCEPTED          .   cpr lea  .   .   mea =   mea =   !   !   =   !   .   .   .   .   !   .   .
REFUSED           .   .   .    .   .   =   =   =   =   =   =   =   =   vac .   .   .   !   .   .
BLOCKED           .   unk =    =   =   =   =   =   =   =   =   =   =   =   .   .   .   =   oos .
OUT_OF_SERVICE    .   .   .    .   .   =   =   =   =   =   =   =   =   =   .   .   .   =   .   unk
"""

COLUMNS = {
    "res": RoomEvent.RESERVE,
    "rel": RoomEvent.RELEASE,
    "dock": RoomEvent.CARRIAGE_DOCKED,
    "plc": RoomEvent.CAR_PLACED,
    "tak": RoomEvent.CAR_TAKEN,
    "gop": RoomEvent.GATE_PROVEN_OPEN,
    "gcl": RoomEvent.GATE_PROVEN_CLOSED,
    "pin": RoomEvent.PERSON_IN,
    "pou": RoomEvent.PERSON_OUT,
    "out": RoomEvent.CROSSING_OUTWARD,
    "inw": RoomEvent.CROSSING_INWARD,
    "won": RoomEvent.WEIGHT_ON,
    "wof": RoomEvent.WEIGHT_OFF,
    "clr": RoomEvent.PROVEN_CLEAR,
    "mok": RoomEvent.MEASURED_OK,
    "mre": RoomEvent.MEASURED_REFUSED,
    "nsh": RoomEvent.NO_SHOW,
    "flt": RoomEvent.FAULT,
    "oos": RoomEvent.PUT_OUT_OF_SERVICE,
    "bck": RoomEvent.PUT_BACK,
}

TARGETS = {
    "unk": RoomState.UNKNOWN,
    "vac": RoomState.VACANT,
    "rsv": RoomState.RESERVED,
    "com": RoomState.CAR_COMING,
    "cpr": RoomState.CAR_PRESENT,
    "adm": RoomState.CUSTOMER_ADMITTED,
    "dep": RoomState.DEPARTING,
    "clg": RoomState.CLEARING,
    "lea": RoomState.CAR_LEAVING,
    "opn": RoomState.OPEN_FOR_CAR,
    "mea": RoomState.MEASURING,
    "acc": RoomState.ACCEPTED,
    "ref": RoomState.REFUSED,
    "!": RoomState.BLOCKED,
    "oos": RoomState.OUT_OF_SERVICE,
}


def cells() -> dict[tuple[RoomState, RoomEvent], RoomState | None]:
    header, *rows = MATRIX.strip().splitlines()
    events = [COLUMNS[name] for name in header.split()]
    found: dict[tuple[RoomState, RoomEvent], RoomState | None] = {}
    for row in rows:
        name, *marks = row.split()
        state = RoomState(name)
        for event, mark in zip(events, marks, strict=True):
            found[state, event] = None if mark == "." else state if mark == "=" else TARGETS[mark]
    return found


CELLS = cells()


def test_the_table_is_complete() -> None:
    assert check_complete(RoomState, tuple(RoomEvent), RULES, REFUSED) == ()
    assert len(CELLS) == len(RoomState) * len(RoomEvent) == 15 * 20
    assert len(RULES) == sum(target is not None for target in CELLS.values()) == 174


@pytest.mark.parametrize("state", RoomState)
def test_every_cell_of(state: RoomState) -> None:
    for event in RoomEvent:
        machine = room_machine(state)
        target = CELLS[state, event]
        assert machine.can(event) == (target is not None), event
        if target is None:
            with pytest.raises(IllegalTransition):
                machine.fire(event)
            assert machine.state is state
        else:
            assert machine.fire(event).target is target, event


STORIES = {
    "a car is handed out": "VACANT res RESERVED dock CAR_COMING won CAR_COMING plc CAR_PRESENT gop CUSTOMER_ADMITTED "
    "pin CUSTOMER_ADMITTED pou CUSTOMER_ADMITTED wof DEPARTING out DEPARTING gcl CLEARING clr VACANT",
    "nobody comes for it": "CAR_PRESENT nsh CLEARING dock CAR_LEAVING tak CAR_LEAVING clr VACANT",
    "a car is taken in": "VACANT res RESERVED gop OPEN_FOR_CAR won OPEN_FOR_CAR inw MEASURING pou MEASURING mok "
    "ACCEPTED gcl ACCEPTED dock CAR_LEAVING tak CAR_LEAVING clr VACANT",
    "and the next car follows at once": "CAR_LEAVING tak CAR_LEAVING res CAR_COMING dock CAR_COMING plc CAR_PRESENT",
    "a car is too large": "MEASURING mre REFUSED wof REFUSED out REFUSED gcl REFUSED clr VACANT",
    "the driver turns round": "OPEN_FOR_CAR inw MEASURING out OPEN_FOR_CAR gcl RESERVED rel CLEARING clr VACANT",
    "the customer comes back to the room": "DEPARTING won CUSTOMER_ADMITTED gcl CAR_PRESENT nsh CLEARING",
    "a hidden child is found": "ACCEPTED pin MEASURING gop MEASURING pou MEASURING mok ACCEPTED",
    "somebody is shut in": "DEPARTING gcl CLEARING gop DEPARTING pou DEPARTING gcl CLEARING clr VACANT",
    "after a start it is empty": "UNKNOWN won UNKNOWN wof UNKNOWN clr VACANT",
    "after a start a car for storing stands in it": "UNKNOWN plc CAR_PRESENT mok ACCEPTED dock CAR_LEAVING",
    "a fault is released only through proof": "CAR_COMING flt BLOCKED clr BLOCKED rel UNKNOWN clr VACANT",
    "out of service and back through proof": "VACANT oos OUT_OF_SERVICE bck UNKNOWN clr VACANT",
    "the store is cancelled": "ACCEPTED rel CAR_PRESENT gop CUSTOMER_ADMITTED wof DEPARTING",
    "the store is undone": "CAR_LEAVING tak CAR_LEAVING plc CAR_PRESENT",
    "the retrieve goes elsewhere": "CAR_COMING rel CLEARING clr VACANT",
    "its car was left behind": "CAR_COMING rel CLEARING plc CAR_PRESENT gop CUSTOMER_ADMITTED",
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_story(story: str) -> None:
    words = story.split()
    machine = room_machine(RoomState(words[0]))
    for event, state in zip(words[1::2], words[2::2], strict=True):
        machine.fire(COLUMNS[event])
        assert machine.state.name == state, f"after {event}"


def test_a_room_is_vacant_only_by_proof() -> None:
    assert {rule.event for rule in RULES if rule.target is RoomState.VACANT != rule.source} == {RoomEvent.PROVEN_CLEAR}


def test_no_fact_from_a_sensor_is_ever_refused() -> None:
    facts = {COLUMNS[name] for name in ("gop", "gcl", "pin", "pou", "out", "inw", "won", "wof", "flt")}
    assert all(room_machine(state).can(fact) for state in RoomState for fact in facts)


def test_unknown_is_left_only_by_proof_or_a_fault() -> None:
    left = {rule.target for rule in RULES if rule.source is RoomState.UNKNOWN != rule.target}
    assert left == {RoomState.VACANT, RoomState.CAR_PRESENT, RoomState.BLOCKED}
    assert room_machine().state is RoomState.UNKNOWN
