import asyncio
from pathlib import Path
from typing import Any

import pytest

from config.load import load_tower
from sim_plc.demo.day import differences
from sim_plc.demo.failure import DemoFailed
from sim_plc.demo.report import as_json, table, worst_ratio
from sim_plc.demo.show import Wishes, show
from sim_plc.demo.stage import Stage, own_addresses

MOVE = {
    "event": "job_done",
    "job": 7,
    "kind": "RETRIEVE",
    "car": "C1",
    "measured_s": 5.25,
    "bound_s": 5.0,
    "ratio": 1.05,
    "overhead_ms_per_step": 25.0,
}


def car(name: str, place: int | None, where: str = "bay", status: str = "verified") -> dict[str, Any]:
    return {"id": name, "model": "", "place": place, "where": where, "status": status}


def truth(cars: dict[str, str], aboard: str | None = None) -> dict[str, Any]:
    return {"cars": cars, "carriage": {"car": aboard}}


def test_belief_that_is_true_has_no_differences() -> None:
    cars = {"cars": [car("A", 102), car("B", None, "carriage"), car("C", None, "outside"), car("D", 101, "room")]}
    assert differences(cars, truth({"101": "D", "102": "A"}, "B")) == []


@pytest.mark.parametrize(
    ("cars", "really", "says"),
    [
        ([car("A", 102)], truth({}), "place 102: believed A, really None"),
        ([], truth({"102": "A"}), "place 102: believed None, really A"),
        ([car("A", 102)], truth({"102": "B"}), "place 102: believed A, really B"),
        ([car("A", None, "carriage")], truth({}), "carriage: believed A, really None"),
        ([], truth({}, "A"), "carriage: believed None, really A"),
        ([car("A", 102, status="unverified")], truth({"102": "A"}), "car A is unverified"),
    ],
)
def test_each_difference_is_named(cars: list[dict[str, Any]], really: dict[str, Any], says: str) -> None:
    assert differences({"cars": cars}, really) == [says]


def test_the_result_has_each_move_beside_its_bound() -> None:
    slow = MOVE | {"job": 8, "ratio": 1.2}
    result = as_json([MOVE, slow], Path("p.svg"))
    assert result["worst_ratio"] == worst_ratio([MOVE, slow]) == 1.2
    assert result["picture"] == "p.svg"
    assert result["moves"][0] == {
        "id": 7,
        "kind": "RETRIEVE",
        "car": "C1",
        "measured_s": 5.25,
        "bound_s": 5.0,
        "ratio": 1.05,
        "overhead_ms_per_step": 25.0,
    }
    assert table([MOVE])[1].split() == ["7", "RETRIEVE", "C1", "5.25", "s", "5.00", "s", "1.050", "25", "ms"]


def test_each_bus_gets_an_address_of_its_own() -> None:
    pairs = own_addresses(load_tower("guangzhou"))
    assert "bus.bays.device=bays.tty" in pairs
    assert "bus.tower.host=127.0.0.1" in pairs
    (port,) = [int(pair.partition("=")[2]) for pair in pairs if pair.startswith("bus.tower.port")]
    assert port > 1023


def test_a_folder_that_holds_a_tower_is_never_used(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").touch()
    wishes = Wishes(
        "small", "first-day", "brisk", 1, tmp_path / "p.svg", None, tmp_path, stay=False, quiet=True
    )
    wishes_of_guangzhou = Wishes(
        "guangzhou", "first-day", "brisk", 1, tmp_path / "p.svg", None, tmp_path, stay=False, quiet=True
    )
    with pytest.raises(DemoFailed, match="holds a tower already"):
        show(wishes_of_guangzhou)
    with pytest.raises(ValueError, match="not for tower 'small'"):
        show(wishes)
    assert [file.name for file in tmp_path.iterdir()] == ["journal.sqlite"]


@pytest.mark.realtime
def test_a_process_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path)

    async def until_it_ends() -> None:
        while True:
            stage.check()
            await asyncio.sleep(0.02)

    async def main() -> None:
        stage.start("daemon", "json.tool", str(tmp_path / "nothing.json"))
        with pytest.raises(DemoFailed, match=r"(?s)the daemon ended with exit code 2.*  daemon: .*nothing\.json"):
            await until_it_ends()
        (complaint,) = await stage.end()
        assert "exit code 2" in complaint

    asyncio.run(main())
