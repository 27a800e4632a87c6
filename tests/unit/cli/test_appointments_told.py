"""Appointments as they are told: with their room and their time, wherever people look."""

from typing import Any

import click
import pytest

from controller.cli.due import due_text
from controller.cli.event_texts import event_text
from controller.cli.picture import News, picture
from controller.cli.plan_text import plan_lines
from controller.cli.status_text import appointment_text, arrived_text, at_hand_text, queued_text, status_lines
from tests.support.sample_status import sample_status
from tests.unit.cli.test_plan import IDLE

DUE = 1_800_000_000.0
AT = f"at {due_text(DUE)}"
BOOKED: dict[str, Any] = {
    "id": 3, "car": "C2", "room": 101, "due": DUE, "expected": None, "state": "BOOKED", "job": None, "stands_in": None,
}  # fmt: skip
ROOMS = [101]


def test_the_room_that_was_wished_is_told_until_the_car_stands_in_one() -> None:
    assert appointment_text(BOOKED, ROOMS) == f"3 C2 {AT}, wished in room 1 (101)"
    assert appointment_text({**BOOKED, "stands_in": 101}, ROOMS) == f"3 C2 {AT}, stands in room 1 (101)"
    assert appointment_text({**BOOKED, "room": None}, ROOMS) == f"3 C2 {AT}"


def test_status_and_plan_say_the_same_of_an_appointment() -> None:
    told = appointment_text(BOOKED, ROOMS)
    assert ("booked", told) in list(status_lines({**sample_status(), "appointments": [BOOKED]}))
    assert f"  -  appointment {told}" in list(plan_lines({**IDLE, "appointments": [BOOKED]}))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_frame_shows_what_is_booked_and_what_limits(size: tuple[int, int]) -> None:
    status = {**sample_status(), "appointments": [{**BOOKED, "id": number} for number in range(3, 8)]}
    status["restrictions"] = [{"kind": "level", "number": 2, "text": "level 2 is blocked: a beam is bent"}]
    lines = [click.unstyle(line) for line in picture(News(status, ["12:00 an event"] * 60), *size)]
    assert len(lines) <= size[1]
    assert "limit level 2 is blocked: a beam is bent" in lines
    assert f"booked {appointment_text(BOOKED, ROOMS)}" in lines
    assert 1 <= sum(line.startswith("booked") for line in lines) <= 3


def test_in_a_small_frame_more_limits_are_counted_and_the_next_appointment_stays() -> None:
    status = {**sample_status(), "appointments": [{**BOOKED, "id": number} for number in (3, 4)]}
    status["restrictions"] = [{"kind": "level", "number": 2, "text": f"limit {number}"} for number in range(4)]
    lines = [click.unstyle(line) for line in picture(News(status), 80, 12)]
    assert [line for line in lines if line.startswith("limit")] == [
        "limit limit 0",
        "limit 4 in all: `cartower status` lists them",
    ]
    assert [line[:8] for line in lines if line.startswith("booked")] == ["booked 3"]


def test_a_car_that_is_brought_ahead_is_told_from_anybodys() -> None:
    status = {**sample_status(), "appointments": [BOOKED]}
    assert "for appointment" not in at_hand_text(status)
    status["job"] |= {"by": "appointment 3"}
    assert ", for appointment 3, ahead: POSITIONING_TO" in at_hand_text(status)
    assert ", for appointment 3: POSITIONING_TO" in at_hand_text({**status, "appointments": []}), "they have come"
    queued = {**status["queue"][0], "by": "appointment 3"}
    assert queued_text(queued, ROOMS, [BOOKED]).startswith("8 RETRIEVE C1 for room 1 (101), for appointment 3, ahead ")


def test_whoever_has_come_is_told_the_room_as_soon_as_it_is_known() -> None:
    status = sample_status()
    assert arrived_text(status, 11, "C2") == "job 11"
    assert arrived_text(status, 8, "C1") == "job 8: C1 is brought to room 1 (101)"
    assert arrived_text({**status, "job": {**status["job"], "target": 101}}, 7, "C9").endswith("to room 1 (101)")
    status["rooms"][0]["car"] = "C2"
    assert arrived_text(status, 11, "C2") == "job 11: C2 stands in room 1 (101), its gate opens"


def test_an_event_of_an_appointment_has_its_time() -> None:
    event = {"event": "appointment", "appointment": 3, "car": "C2", "due": DUE, "expected": None, "job": None}
    made = {**event, "state": "BOOKED", "reason": ""}
    assert event_text(made) == f"appointment 3 for C2 BOOKED ({AT})"
    comes = event_text({**made, "expected": DUE - 120.0, "job": 12})
    assert comes.startswith(f"appointment 3 for C2 BOOKED ({AT}, on the way, there at ")
    assert comes.endswith("), job 12")
    lapsed = {**event, "state": "LAPSED", "reason": "nobody came within 15 min", "expected": DUE}
    assert event_text(lapsed) == f"appointment 3 for C2 LAPSED ({AT}): nobody came within 15 min"
