"""What differs between two towers, and what that means for their PLCs."""

import pytest

from config.difference import Change, concern, difference
from config.load import load_tower
from config.schema import Tower

OLD = load_tower("guangzhou")


def changed(overrides: dict[str, str]) -> list[str]:
    return [change.key for change in difference(OLD, load_tower("guangzhou", overrides=overrides)).changes]


def test_a_tower_does_not_differ_from_itself() -> None:
    found = difference(OLD, load_tower("guangzhou"))
    assert found.changes == ()
    assert not found.programs.needed
    assert found.to_json()["same"] is True


@pytest.mark.parametrize(
    ("overrides", "needed"),
    [
        ({"title": "Another"}, False),
        ({"limits.weight_kg": "2400"}, False),
        ({"timing.gate_delay_s": "3"}, False),
        ({"bus.tower.host": "10.0.0.5"}, False),
        ({"machine.lift.speed_mm_s": "900"}, False),
        ({"machine.plc.silence_s": "2"}, True),
        ({"tower_id": "4202"}, True),
        ({"ring.level_pitch_mm": "2600"}, True),
        ({"ring.height_tolerance_mm": "12"}, True),
        ({"ring.rooms": "[101, 104, 108]"}, True),
        ({"ring.omitted": "[503]"}, True),
    ],
)
def test_whether_the_plcs_need_another_program(overrides: dict[str, str], needed: bool) -> None:
    new = load_tower("guangzhou", overrides=overrides)
    found = difference(OLD, new)
    assert [change.key for change in found.changes] == list(overrides)
    assert found.programs.needed is needed
    # What the daemon itself compares with a station before it goes online, and the addresses it uses.
    wire = [(tower.tower_id, tower.shape.table_crc(), tower.maps, tower.machine.plc) for tower in (OLD, new)]
    assert (wire[0] != wire[1]) is needed


def test_what_the_programs_need_in_detail() -> None:
    programs = difference(OLD, load_tower("guangzhou", overrides={"ring.rooms": "[101, 104]"})).programs
    assert programs.map_changed == ("tower", "bays1")
    assert (programs.stations_added, programs.stations_removed) == ((), ())
    assert (programs.places_added, programs.places_removed, programs.places_moved) == ((), (), ())
    higher = {"ring.levels": "6", "bus.bays.stations": '["bays1", "bays2", "bays3"]', "bus.more.kind": "rtu",
              "bus.more.device": "more.tty", "bus.more.stations": '["bays4", "bays5", "bays6"]'}
    found = difference(OLD, load_tower("guangzhou", overrides=higher))
    assert found.programs.stations_added == ("bays6",)
    assert found.programs.places_added == tuple(range(601, 610))
    assert found.programs.map_changed == ()
    assert [change.key for change in found.changes] == ["ring.levels", "bus.bays.stations", "bus.more"]


def test_a_change_comes_with_its_unit_and_whom_it_concerns() -> None:
    [change] = difference(OLD, load_tower("guangzhou", overrides={"machine.lift.speed_mm_s": "900"})).changes
    assert change == Change("machine.lift.speed_mm_s", "1000", "900", "mm/s", "tower PLC and drives: parameters")


def test_a_profile_is_compared_by_what_it_fills() -> None:
    fast = difference(OLD, load_tower("guangzhou", profile="fast"))
    assert fast.changes[0].key == "profile"
    assert len(fast.changes) > 20
    assert not fast.programs.needed
    # A file that writes its profile's value out means the same.
    assert changed({"machine.lift.speed_mm_s": "1000"}) == []


def test_only_names_concern_nobody() -> None:
    """A table that is new must not pass for a name: whoever reads so leaves its change to nobody."""
    nobodys = [key for key in Tower.model_fields if concern(key) == "nobody: a name"]
    assert nobodys == ["name", "title", "profile"]
