"""Levels and rooms out of use, at the command line and in the words for what happened."""

from pathlib import Path

import pytest

from controller.cli.event_texts import event_text
from controller.cli.record_text import record_text
from controller.cli.status_text import queued_text, status_lines
from controller.domain.events import BlockLevel, FreeLevel, RoomIn, RoomOut, SetGenerator, SetSpeed
from controller.domain.records import RestrictionSet
from controller.domain.restrictions import Restricted, Restriction
from tests.support.commands import daemon
from tests.support.sample_status import sample_status

SAID = "level 2 is blocked: a beam is bent"
BEAM = {"kind": "level", "number": 2, "why": "a beam is bent", "by": "eve", "text": SAID}
IN_FORCE = {"restrictions": [BEAM]}
NONE: dict[str, object] = {"restrictions": []}


@pytest.mark.realtime
def test_levels_and_rooms_are_taken_out_and_given_back(tmp_path: Path) -> None:
    with daemon(tmp_path, {"BlockLevel": IN_FORCE, "FreeLevel": NONE, "RoomOut": IN_FORCE, "RoomIn": NONE}) as run:
        told = run("level", "block", "2", "--why", "a beam is bent").stdout.splitlines()
        assert told[1:] == ["level 2 is blocked: a beam is bent\teve"]
        run("level", "free", "2")
        run("room", "out", "1", "--why", "the gate rattles")
        run("room", "in", "101")
        assert run("level", "block", "2").exit_code == run("room", "out", "1").exit_code == 2, "nobody says why"
        block, free, out, back = run.asked
    assert isinstance(block, BlockLevel)
    assert isinstance(free, FreeLevel)
    assert isinstance(out, RoomOut)
    assert isinstance(back, RoomIn)
    assert (block.level, block.why, free.level) == (2, "a beam is bent", 2)
    assert (out.room, out.why, back.room) == (101, "the gate rattles", 101)


@pytest.mark.realtime
def test_the_generator_is_switched_with_a_reason_and_nothing_else_is(tmp_path: Path) -> None:
    with daemon(tmp_path, {"SetGenerator": NONE}) as run:
        run("unit", "generator", "on", "--why", "the mains failed")
        assert run("unit", "generator", "off").stdout.splitlines() == ["in force\tby"]
        for wrong in (("generator", "on"), ("generator", "manual"), ("mode", "on"), ("stop", "--why", "so")):
            assert run("unit", *wrong).exit_code == 2, wrong
        on, off = run.asked
    assert isinstance(on, SetGenerator)
    assert isinstance(off, SetGenerator)
    assert (on.on, on.why, off.on) == (True, "the mains failed", False)


@pytest.mark.realtime
def test_a_speed_is_stated_with_a_reason_and_taken_back_without_one(tmp_path: Path) -> None:
    said = "the lift runs at 50 % of its speed: derated"
    slow = {"restrictions": [{"kind": "lift", "number": 50, "why": "derated", "by": "eve", "text": said}]}
    with daemon(tmp_path, {"SetSpeed": slow}) as run:
        told = run("axis", "speed", "lift", "50", "--why", "derated").stdout.splitlines()
        assert told[1:] == [f"{said}\teve"]
        run("axis", "speed", "turntable", "100")
        for wrong in (
            ("lift", "50"),
            ("lift", "100", "--why", "so"),
            ("lift", "9", "--why", "so"),
            ("lift", "101", "--why", "so"),
            ("door", "50", "--why", "so"),
        ):
            assert run("axis", "speed", *wrong).exit_code == 2, wrong
        slower, rated = run.asked
    assert isinstance(slower, SetSpeed)
    assert isinstance(rated, SetSpeed)
    assert (slower.axis, slower.percent, slower.why) == ("lift", 50, "derated")
    assert (rated.axis, rated.percent, rated.why) == ("turntable", 100, "")


def test_a_slow_axis_stands_in_the_status_and_in_the_record() -> None:
    slow = Restriction(Restricted.TURNTABLE, 30, "worn", "eve")
    assert record_text(RestrictionSet(slow, on=True)) == "the turntable runs at 30 % of its speed: worn, by eve"
    over = Restriction(Restricted.TURNTABLE, by="eve")
    assert record_text(RestrictionSet(over, on=False)) == "the turntable runs at its full speed again, by eve"
    status = sample_status()
    shown = {"kind": "turntable", "number": 30, "why": "worn", "by": "eve", "text": str(slow)}
    status["restrictions"] = [shown]
    assert ("limit", "the turntable runs at 30 % of its speed: worn") in list(status_lines(status))


def test_what_is_out_of_use_stands_in_the_status_and_with_the_jobs_that_it_holds() -> None:
    status = sample_status()
    status["restrictions"] = [BEAM]
    assert ("limit", "level 2 is blocked: a beam is bent") in list(status_lines(status))
    job = {"id": 3, "kind": "RETRIEVE", "car": "C1", "state": "QUEUED", "room": None, "promise": None}
    assert queued_text({**job, "held": BEAM["text"]}, [101]).endswith(
        "QUEUED, nobody knows when: level 2 is blocked: a beam is bent"
    )


def test_what_was_told_and_kept_of_it_has_words() -> None:
    event = {"event": "restriction", "kind": "level", "number": 2, "on": True, "text": BEAM["text"], "by": "eve"}
    assert event_text(event) == "level 2 is blocked: a beam is bent, by eve"
    promise = {"event": "promise", "job": 3, "car": "C1", "p50_s": 80.0, "p90_s": 100.0, "because": "it is free"}
    assert event_text(promise) == "job 3 C1: done in 80 s, at the latest 100 s (it is free)"
    held = {**promise, "p50_s": None, "p90_s": None, "because": BEAM["text"]}
    assert event_text(held) == "job 3 C1: nobody knows when (level 2 is blocked: a beam is bent)"
    beam = Restriction(Restricted.LEVEL, 2, "a beam is bent", "eve")
    assert record_text(RestrictionSet(beam, on=True)) == "level 2 is blocked: a beam is bent, by eve"
    assert record_text(RestrictionSet(beam, on=False)) == "level 2 is in use again, by eve"
