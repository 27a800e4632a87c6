"""What is said before somebody agrees comes true: nothing is promised that the tower refuses at once."""

from collections.abc import Iterable
from typing import Any

import pytest

from controller.cli import intent
from controller.domain.refusal import Refusal
from tests.support.sample_status import sample_status

CARS: list[dict[str, Any]] = [
    {"id": "S1", "model": "", "place": 102, "where": "bay", "status": "verified"},
    {"id": "S2", "model": "", "place": 203, "where": "bay", "status": "verified"},
    {"id": "S3", "model": "", "place": None, "where": "outside", "status": "verified"},
]
LEVEL = {"kind": "level", "number": 2, "why": "a beam", "by": "eve", "text": "level 2 is blocked: a beam"}
ROOM = {"kind": "room", "number": 101, "why": "the gate", "by": "eve", "text": "room 101 is out of service: the gate"}
MAINS = {"kind": "generator", "number": 0, "why": "", "by": "eve", "text": "the tower runs on its generator"}
SLOW = {"kind": "lift", "number": 50, "why": "worn", "by": "eve", "text": "the lift runs at 50 % of its speed: worn"}


def idle(*restrictions: dict[str, Any], **rooms: str) -> dict[str, Any]:
    """Return the status of a tower with nothing to do and two rooms, vacant but as said."""
    status = sample_status()
    status["tower"]["rooms"] = [101, 103]
    status["rooms"] = [
        {**status["rooms"][0], "place": place, "number": number, "state": rooms.get(f"room{number}", "VACANT")}
        for number, place in enumerate((101, 103), start=1)
    ]
    status["places"]["203"] |= {"status": "occupied", "car": "S2", "job": None}
    return {**status, "job": None, "queue": [], "restrictions": list(restrictions)}


def booked(car: str = "S2", **changes: Any) -> dict[str, Any]:
    plain = {"id": 9, "car": car, "room": None, "due": 1_800_000_000.0, "expected": None, "state": "BOOKED"}
    return {**plain, "job": None, "stands_in": None, **changes}


def last(lines: Iterable[str]) -> str:
    return list(lines)[-1]


def test_where_nothing_speaks_against_it_it_begins_at_once() -> None:
    for lines in (
        intent.retrieval(idle(SLOW), CARS, [], "S2", 103),
        intent.arrival(idle(ROOM), CARS, [booked()], "S2"),
        intent.storing(idle(), "N", None),
        intent.relocation(idle(), CARS, "S2", 104),
    ):
        assert last(lines) == "It begins at once."


def test_an_arrival_goes_to_the_room_that_was_wished() -> None:
    [first, *_] = intent.arrival(idle(), CARS, [booked(room=103)], "S2")
    assert first.endswith("to room 2 (103):")
    [first, *_] = intent.arrival(idle(), CARS, [booked()], "S2")
    assert first.endswith("to room 1 or 2:")


def test_an_arrival_opens_the_gate_of_a_car_that_stands_there_or_is_on_its_way() -> None:
    assert list(intent.arrival(idle(), CARS, [booked(job=12, stands_in=103)], "S2")) == [
        "Car S2 stands in room 2 (103): the outer gate opens."
    ]
    status = idle()
    status["job"] = {**sample_status()["job"], "id": 12, "kind": "RETRIEVE", "car": "S2", "target": 103}
    [first, *_] = intent.arrival(status, CARS, [booked(job=12)], "S2")
    assert first == "Car S2 is on its way by job 12 to room 2 (103):"
    assert last(intent.arrival(status, CARS, [booked()], "S2")) == "It may be refused: job 12 moves car S2 already."


def test_nobody_is_asked_about_a_booked_car_that_is_not_here() -> None:
    assert list(intent.arrival(idle(), CARS, [booked("S3")], "S3")) == [], "the tower takes note that they came"


@pytest.mark.parametrize(
    ("car", "text"),
    [
        ("S02", "nobody has an appointment for car S02; did you mean S2?"),
        ("XYZ", "nobody has an appointment for car XYZ"),
        ("S4", "nobody has an appointment for car S4: appointment 7 is LAPSED"),
    ],
)
def test_without_an_appointment_nobody_arrives(car: str, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        list(intent.arrival(idle(), CARS, [booked(), booked("S4", id=7, state="LAPSED")], car))
    assert (refused.value.rule, refused.value.text) == ("NO_APPOINTMENT", text)


def test_what_is_somebody_elses_or_not_here_is_refused_before_it_is_asked_about() -> None:
    left = booked("S4", id=7, state="LAPSED", stands_in=101)
    with pytest.raises(Refusal, match="CAR_LEFT_OVER: appointment 7 is LAPSED, and car S4 stands in room 1"):
        list(intent.retrieval(idle(), CARS, [left], "S4", 103))
    for car, rule in (("S2", "CAR_BOOKED"), ("S3", "UNKNOWN_CAR"), ("S0", "UNKNOWN_CAR")):
        with pytest.raises(Refusal) as refused:
            list(intent.retrieval(idle(), CARS, [booked()], car, None))
        assert refused.value.rule == rule
        assert "S3?" not in refused.value.text, "it is outside as well"


@pytest.mark.parametrize("kind", [LEVEL, MAINS], ids=lambda each: str(each["kind"]))
def test_a_restriction_is_said_where_it_counts(kind: dict[str, Any]) -> None:
    said = f"It may be refused: {kind['text']}."
    assert last(intent.retrieval(idle(kind), CARS, [], "S2", None)) == said
    assert last(intent.arrival(idle(kind), CARS, [booked()], "S2")) == said
    assert last(intent.relocation(idle(kind), CARS, "S2", 204)).startswith(said[:-1])
    beside = last(intent.retrieval(idle(kind), CARS, [], "S1", None))
    assert beside == (said if kind is MAINS else "It begins at once.")


def test_a_room_that_is_out_is_asked_for_in_vain_and_not_waited_for() -> None:
    assert last(intent.retrieval(idle(ROOM), CARS, [], "S2", 101)) == f"It may be refused: {ROOM['text']}."
    assert last(intent.storing(idle(ROOM), "N", 101)) == f"It may be refused: {ROOM['text']}."
    blind = idle(room1="OUT_OF_SERVICE")
    assert last(intent.retrieval(blind, CARS, [], "S2", 101)) == "It may be refused: room 1 (101) is out of service."


def test_a_bay_that_nobody_is_sure_of_gives_no_car_out() -> None:
    status = idle()
    status["places"]["203"] |= {"status": "unverified", "reason": "stated S2, sensors show nothing"}
    said = "It may be refused: bay 203 is unverified: stated S2, sensors show nothing."
    assert last(intent.retrieval(status, CARS, [], "S2", None)) == said


def test_with_no_room_vacant_it_waits_for_one() -> None:
    taken = idle(room1="DEPARTING", room2="CAR_PRESENT")
    assert last(intent.retrieval(taken, CARS, [], "S2", None)) == "It waits for a room: none is vacant."
    assert last(intent.arrival(taken, CARS, [booked(room=103)], "S2")) == (
        "It waits for room 2 (103), now CAR_PRESENT."
    )
    assert last(intent.storing(taken, "N", None)) == "It waits for a room: none is vacant."
    assert last(intent.storing(taken, "N", 101)) == "It may be refused: room 1 (101), now DEPARTING."
    half = idle(ROOM, room2="OCCUPIED")
    assert last(intent.retrieval(half, CARS, [], "S2", None)) == (
        "It waits for a room: none is vacant (room 101 is out of service: the gate)."
    )


def test_with_jobs_before_it_and_no_room_both_are_said() -> None:
    status = idle(room1="OPEN", room2="OPEN")
    status["queue"] = sample_status()["queue"]
    *_, jobs, rooms = intent.retrieval(status, CARS, [], "S2", None)
    assert jobs == "It begins after 1 other job, or between them."
    assert rooms == "It waits for a room: none is vacant."


def test_a_full_tower_takes_no_car_in() -> None:
    status = idle()
    status["counts"]["free"] = 0
    assert last(intent.storing(status, "N", None)) == "It may be refused: no bay is free."
