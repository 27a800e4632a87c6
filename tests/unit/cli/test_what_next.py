"""What each screen tells a tired person to do next: every state that waits for somebody, and what stands in its way."""

from typing import Any

import pytest

from controller.cli import intent
from controller.cli.output import ink
from controller.cli.picture import News, picture
from controller.cli.status_text import status_lines
from controller.cli.what_next import state_step
from tests.support.sample_status import sample_status

JOG = {
    "jog": 3,
    "mechanism": "lift",
    "direction": "up",
    "by": "7:kim",
    "position": 1290,
    "unit": "mm",
    "outcome": None,
}


def status(state: str, mode: str = "PRODUCTION", **more: Any) -> dict[str, Any]:
    """Return a status in which nothing but the unit's state asks for anybody."""
    plain = sample_status()
    plain["unit"] |= {"state": state, "mode": mode}
    plain["alarms"] = []
    plain["stations"] = [each | {"state": "ONLINE"} for each in plain["stations"]]
    plain["places"]["204"]["status"] = "occupied"
    return plain | more


def todo(shown: dict[str, Any]) -> list[str]:
    return [text for name, text in status_lines(shown) if name == "next"]


PARKED = sample_status()["queue"][0] | {"id": 12, "state": "PARKED", "reason": "the load is doubtful"}


@pytest.mark.parametrize(
    ("state", "mode", "command"),
    [
        ("ABORTED", "PRODUCTION", "unit clear"),
        ("ABORTED", "MANUAL", "unit clear"),
        ("STOPPED", "PRODUCTION", "unit reset"),
        ("STOPPED", "MANUAL", "nothing moves"),
        ("IDLE", "PRODUCTION", "unit start"),
        ("IDLE", "MANUAL", "cartower jog"),
        ("IDLE", "MAINTENANCE", "unit mode production"),
        ("HELD", "PRODUCTION", "unit unhold"),
        ("SUSPENDED", "PRODUCTION", "unit unsuspend"),
        ("COMPLETE", "PRODUCTION", "unit reset"),
    ],
)
def test_each_state_that_waits_names_the_one_command_that_leads_on(state: str, mode: str, command: str) -> None:
    (step,) = todo(status(state, mode))
    assert command in step


@pytest.mark.parametrize("state", ["EXECUTE", "RESETTING", "ABORTING", "STOPPING"])
def test_where_nobody_is_waited_for_nothing_is_to_do(state: str) -> None:
    assert todo(status(state)) == []


def test_a_parked_job_comes_before_the_unit_that_it_holds() -> None:
    (step,) = todo(status("HELD", queue=[PARKED]))
    assert "`cartower resolve 12`" in step


def test_behind_a_job_closed_by_hand_unhold_would_be_refused_and_is_not_named() -> None:
    held = status("HELD")
    held["unit"]["reset_due"] = "job 12 was closed by hand"
    assert todo(held) == ["`cartower unit stop`, then reset and start: job 12 was closed by hand"]


@pytest.mark.parametrize("state", ["ABORTED", "STOPPED"])
def test_an_open_chain_and_a_lost_station_come_before_the_command_that_they_would_spoil(state: str) -> None:
    shown = status(state, safety={"closed": False, "causes": ["E_STOP_LATCHED"]})
    shown["stations"][1]["state"] = "STALE"
    station, chain, command = todo(shown)
    assert "bays1" in station
    assert "E_STOP_LATCHED" in chain
    assert "device reset" in chain
    assert command == state_step(shown)


def test_what_an_alarm_says_already_is_not_said_twice() -> None:
    shown = status("ABORTED", safety={"closed": False, "causes": ["E_STOP"]})
    shown["alarms"] = [{"code": "E_STOP", "text": "pressed", "number": "102", "guidance": "Ask who pressed it."}]
    assert todo(shown) == ["alarm 102: Ask who pressed it.", state_step(shown)]


def test_a_frozen_station_names_the_way_to_adopt_it() -> None:
    shown = status("ABORTED")
    shown["stations"][0]["state"] = "FROZEN"
    assert "`cartower adopt`" in todo(shown)[0]


@pytest.mark.parametrize(("count", "command"), [(1, "place confirm 204"), (6, "inventory audit")])
def test_unverified_bays_are_confirmed_one_by_one_or_walked_through(count: int, command: str) -> None:
    shown = status("EXECUTE")
    bays = [place for place in shown["places"].values() if place["place"] != 101]
    for place in bays[-count:]:
        place["status"] = "unverified"
    (step,) = todo(shown)
    assert command in step


def test_a_jog_is_shown_while_it_runs_and_as_long_as_people_ask_how_it_ended() -> None:
    def shown(jog: dict[str, Any] | None, mode: str = "MANUAL") -> str:
        return dict(status_lines(status("IDLE", mode, jog=jog))).get("jog", "")

    assert shown(None) == ""
    assert shown(JOG) == "lift up, by 7:kim: moves, at 1290 mm"
    ended = JOG | {"outcome": {"verdict": "STOPPED", "reason": "", "text": "", "cut": "unit STOPPING: asked for"}}
    assert shown(ended) == "lift up, by 7:kim: ended STOPPED (unit STOPPING: asked for), at 1290 mm"
    assert shown(ended, "PRODUCTION") == ""
    unknown = JOG | {"outcome": {"verdict": "UNKNOWN", "reason": "", "text": "the next reset finds out", "cut": ""}}
    assert "UNKNOWN" in shown(unknown, "PRODUCTION")


def test_the_live_picture_shows_who_moves_what_by_hand() -> None:
    lines = picture(News(status("IDLE", "MANUAL", jog=JOG, job=None)), 80, 24)
    assert f"{ink('jog', bold=True)}  lift up, by 7:kim: moves, at 1290 mm" in lines


def test_a_reset_in_manual_is_announced_as_what_it_does() -> None:
    manual = " ".join(intent.unit_command(status("STOPPED", "MANUAL"), [], "reset"))
    assert "nothing else moves" in manual
    assert "whole height" not in manual
    assert "whole height" in " ".join(intent.unit_command(status("STOPPED"), [], "reset"))
