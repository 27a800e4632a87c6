"""A plan in words: what comes next and why, what is promised, and how promises were kept."""

from typing import Any

import pytest

from controller.cli.plan_text import plan_lines

IDLE: dict[str, Any] = {
    "at_hand": None,
    "moves": [],
    "outside": [],
    "bound": None,
    "unplanned": [],
    "restrictions": [],
    "appointments": [],
    "rooms": [101, 104],
    "promises": {"kept": 0, "within_p90": 0.0, "mean_error_s": 0.0},
}


def move(**changes: object) -> dict[str, Any]:
    return {
        "job": 8,
        "kind": "RETRIEVE",
        "car": "C305",
        "source": 305,
        "target": 104,
        "begins_s": 41.2,
        "served_s": 120.4,
        "ends_s": 120.4,
        "overtakes": [7],
        "why": "overtakes 7: its room is in use for 62 s",
        "promise": {"ahead": 0, "p50_s": 121.0, "p90_s": 150.0, "late_s": 0.0, "because": ""},
        **changes,
    }


def test_an_idle_tower_has_nothing_to_explain() -> None:
    assert list(plan_lines(IDLE)) == ["Nothing is under way, and nothing waits."]


def hand(**changes: object) -> dict[str, Any]:
    job = {"id": 6, "kind": "STORE", "car": "N1", "source": 101, "target": 203, "ahead": False, "stands_s": 0.0}
    return {**job, "eta_s": 40.6, "held": "", "why": "first in turn", **changes}


def test_each_job_has_its_turn_its_times_and_its_reason() -> None:
    assert list(plan_lines({**IDLE, "at_hand": hand(), "moves": [move()]})) == [
        "now  job 6 STORE N1 from room 1 (101) to bay 203, done in 41 s",
        "     first in turn",
        "  1  job 8 RETRIEVE C305 from bay 305 to room 2 (104), begins in 41 s, done in 2 min, at the latest 2 min",
        "     overtakes 7: its room is in use for 62 s",
    ]


def test_a_tower_that_stands_knows_no_time_for_the_job_at_hand() -> None:
    [line, _] = plan_lines({**IDLE, "at_hand": hand(eta_s=None, held="the tower is held")})
    assert line == "now  job 6 STORE N1 from room 1 (101) to bay 203, nobody knows when: the tower is held"


def test_a_car_that_waits_aboard_says_so_and_also_that_it_goes_back() -> None:
    waits = hand(kind="RETRIEVE", source=203, target=101, ahead=True, stands_s=20.4)
    [_, line, _] = plan_lines({**IDLE, "at_hand": waits})
    assert line == "     room 1 (101) is not vacant yet: the carriage stands before it for about 20 s"
    [_, line, _] = plan_lines({**IDLE, "at_hand": {**waits, "target": 203}})
    assert line == "     goes back into its bay, and waits there for a room"


def test_a_changed_promise_says_why() -> None:
    because = "62 s later: room 104 no longer in service"
    promise = {"ahead": 1, "p50_s": 90.0, "p90_s": 119.0, "late_s": 0.0, "because": because}
    [line, _] = plan_lines({**IDLE, "moves": [move(promise=promise, begins_s=0.2)]})
    assert line.endswith("begins now, done in 90 s, at the latest 119 s (62 s later: room 104 no longer in service)")


def test_a_plan_stands_beside_what_no_order_can_beat() -> None:
    bound = {"done_s": 301.0, "least_done_s": 283.4, "wait_s": 121.0, "least_wait_s": 104.2}
    assert list(plan_lines({**IDLE, "moves": [move()], "bound": bound}))[-3:] == [
        "",
        "All of these are done, and their rooms vacant again, in 5 min, 6 % above what no order can beat.",
        "Their mean wait is 2 min, 16 % above what no order can beat.",
    ]


def test_a_driver_outside_is_told_when_a_room_is_theirs() -> None:
    promise = {"ahead": 1, "p50_s": 190.0, "p90_s": 300.0, "late_s": 0.0, "because": ""}
    waits = {"id": 9, "kind": "STORE", "car": "N1", "outside": True, "promise": promise}
    [line] = plan_lines({**IDLE, "outside": [waits]})
    assert line == "  -  job 9 STORE N1 waits outside, a room in 3 min, at the latest 5 min"


def test_a_late_time_that_is_over_is_not_told_as_one_to_come() -> None:
    because = "87 s sooner: those before it are quicker"
    promise = {"ahead": 1, "p50_s": 0.0, "p90_s": 0.0, "late_s": 70.0, "because": because}
    [line, _] = plan_lines({**IDLE, "moves": [move(promise=promise)]})
    assert line.endswith("done 70 s later than promised so far"), "why it was to come sooner explains nothing now"


@pytest.mark.parametrize(
    ("p90_s", "told"), [(12.0, "done in 59 s"), (58.6, "done in 59 s"), (75.0, "done in 59 s, at the latest 75 s")]
)
def test_nothing_is_done_before_it_begins(p90_s: float, told: str) -> None:
    promise = {"ahead": 0, "p50_s": 0.0, "p90_s": p90_s, "late_s": 0.0, "because": ""}
    [line, _] = plan_lines({**IDLE, "moves": [move(promise=promise, begins_s=29.0, ends_s=58.6)]})
    assert line.endswith(f", begins in 29 s, {told}")


def test_what_was_not_promised_yet_has_the_planned_time() -> None:
    [line, _] = plan_lines({**IDLE, "moves": [move(promise=None, ends_s=80.0)]})
    assert line.endswith("done in 80 s")


def test_who_cannot_be_served_is_told_of() -> None:
    waits = {"id": 9, "kind": "RETRIEVE", "car": "C1", "held": "level 3 is blocked: a beam is bent"}
    assert list(plan_lines({**IDLE, "unplanned": [waits]})) == [
        "  -  job 9 RETRIEVE C1, nobody knows when: level 3 is blocked: a beam is bent"
    ]


def test_what_the_tower_is_kept_from_comes_first() -> None:
    lines = list(plan_lines({**IDLE, "restrictions": ["the tower runs on its generator: mains"], "moves": [move()]}))
    assert lines[0] == "     the tower runs on its generator: mains"


def test_the_promises_of_the_past_are_reckoned_up() -> None:
    kept = {"kept": 120, "within_p90": 0.908, "mean_error_s": 11.4}
    assert list(plan_lines({**IDLE, "moves": [move()], "promises": kept}))[-1] == (
        "Of 120 promises 91 % kept their latest time (nine in ten should); 11 s off on the mean."
    )
