import json
from pathlib import Path

import pytest

from config.load import load_tower
from sim_plc.keep import LOST, CannotResume, Kept, KeptSteel, load, save
from sim_plc.plant.cars import Car
from sim_plc.roster import Roster
from sim_plc.tower import SimTower, found_again, new_tower

SMALL = load_tower("small", profile="brisk")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tower(clock: Clock) -> SimTower:
    roster = Roster()
    cars = {102: roster.enrol(Car("A", length_mm=4100), "aster"), 203: roster.enrol(Car("B"))}
    return new_tower(SMALL, seed=1, roster=roster, cars=cars, clock=clock)


def boots(sim: SimTower) -> dict[str, int]:
    return {name: program.boot_id for name, program in sim.programs.items()}


def test_a_clean_end_is_a_power_cut_and_a_start_a_warm_restart(tmp_path: Path) -> None:
    clock = Clock()
    before = tower(clock)
    clock.now = 1.0
    save(tmp_path, before.kept(clean=True))
    kept = load(tmp_path, "small")
    assert kept is not None
    after = found_again(SMALL, kept, seed=1, clock=Clock())
    assert after.truth()["cars"] == {102: "A", 203: "B"}
    assert boots(after) == {name: boot + 1 for name, boot in boots(before).items()}
    assert not any(station["memory_lost"] for station in after.truth()["stations"].values())
    assert after.roster.to_plain() == before.roster.to_plain()


def test_after_a_crash_no_memory_is_trusted_until_the_device_reset(tmp_path: Path) -> None:
    save(tmp_path, tower(Clock()).kept(clean=False))
    kept = load(tmp_path, "small")
    assert kept is not None
    assert kept.retained == {}
    after = found_again(SMALL, kept, seed=1, clock=Clock())
    assert all(station["memory_lost"] for station in after.truth()["stations"].values())
    after.device_reset()
    assert not any(station["memory_lost"] for station in after.truth()["stations"].values())
    assert after.truth()["cars"] == {102: "A", 203: "B"}


def test_a_car_on_the_carriage_is_found_again_there(tmp_path: Path) -> None:
    roster = Roster()
    roster.enrol(Car("A"))
    save(tmp_path, Kept("small", KeptSteel({}, "A", 1200.0, 45_000.0), roster))
    kept = load(tmp_path, "small")
    assert kept is not None
    clock = Clock()
    after = found_again(SMALL, kept, seed=1, clock=clock)
    clock.now = 1.0
    carriage = after.truth()["carriage"]
    assert (carriage["car"], carriage["lift"]["position"], carriage["turntable"]["position"]) == ("A", 1200.0, 45_000.0)
    assert carriage["load_on_comb"]
    assert carriage["clamped"], "the program holds what it finds"
    assert after.plant.crimes == []


def test_no_plant_is_nothing_to_find(tmp_path: Path) -> None:
    assert load(tmp_path, "small") is None


def test_another_towers_plant_is_left_alone(tmp_path: Path) -> None:
    save(tmp_path, tower(Clock()).kept(clean=True))
    with pytest.raises(CannotResume, match="kept for tower 'small'"):
        load(tmp_path, "guangzhou")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"tower": "small"}'])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "plant.json").write_text(text, encoding="utf-8")
    with pytest.raises(CannotResume, match=r"plant\.json cannot be read"):
        load(tmp_path, "small")


def test_a_car_without_papers_is_a_broken_file(tmp_path: Path) -> None:
    kept = Kept("small", KeptSteel({102: "X"}, None, 0.0, 0.0), Roster())
    with pytest.raises(ValueError, match="car X stands in the tower but has no papers"):
        found_again(SMALL, kept, seed=1, clock=Clock())


def test_a_cold_restart_loses_the_memory_and_a_warm_one_does_not() -> None:
    clock = Clock()
    sim = tower(clock)
    sim.restart("bays1", warm=True)
    assert not sim.truth()["stations"]["bays1"]["memory_lost"]
    sim.restart("bays1", warm=False)
    sim.restart("tower", warm=True)
    stations = sim.truth()["stations"]
    assert stations["bays1"]["memory_lost"]
    assert not stations["tower"]["memory_lost"]
    assert stations["tower"]["boot_id"] == 2


def test_retained_memories_stand_in_the_file_only_after_a_clean_end(tmp_path: Path) -> None:
    sim = tower(Clock())
    for clean in (True, False):
        save(tmp_path, sim.kept(clean=clean))
        body = json.loads((tmp_path / "plant.json").read_text("utf-8"))
        assert bool(body["retained"]) is clean
    assert LOST == b""
