import re
from pathlib import Path

import pytest

from controller.cli.stock_file import BadStockFile, read_stock

TWO = [{"id": "C1", "place": 102, "model": "brisa"}, {"id": "C2", "place": 203, "model": ""}]


def write(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.csv", "car,place,model\nC1,102,brisa\nC2,203,\n"),
        ("s.csv", "\ufeffPlace, Car, Model\n# the ground\n102, C1, brisa\n\n203,C2\n"),
        ("s.toml", '[[car]]\nid = "C1"\nmodel = "brisa"\nplace = 102\n[[car]]\nid = "C2"\nplace = 203\n'),
        ("s.json", '[{"id": "C1", "place": 102, "model": "brisa"}, {"id": "C2", "place": 203}]'),
        (
            "s.json",
            """{"cars": [{"id": "C1", "place": 102, "model": "brisa", "where": "bay", "status": "verified"},
            {"id": "C3", "place": null, "where": "outside"}, {"id": "C2", "place": 203, "where": "bay"}]}""",
        ),
    ],
)
def test_each_format_gives_the_same_cars(tmp_path: Path, name: str, text: str) -> None:
    assert read_stock(write(tmp_path, name, text)) == TWO


def test_the_first_day_is_stock() -> None:
    cars = read_stock(Path("config/scenarios/first-day.toml"))
    assert len(cars) == 38
    assert {"id": "C001", "place": 102, "model": "brisa"} in cars


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("s.csv", "C1,102\n", "s.csv:1: must name the columns"),
        ("s.csv", "car,place,colour\n", "s.csv:1: must name the columns"),
        ("s.csv", "car,place\nC1,102\nC2,x\n", "s.csv:3: the place of car C2 is 'x'"),
        ("s.csv", "car,place\nC1,²\n", "s.csv:2: the place of car C1"),
        ("s.csv", "car,place\n,102\n", "s.csv:2: the car's id ''"),
        ("s.csv", "car,place\nC1,102\nC1,103\n", "s.csv:3: car C1 is named twice: also in line 2"),
        ("s.csv", "car,place\nC1,102\n\nC2,102\n", "s.csv:4: place 102 is named twice: also in line 2"),
        ("s.csv", "car,place\nC1,102,brisa\n", "s.csv:2: has 3 cells"),
        ("s.csv", 'car,place\n"C1,102\n', "s.csv:2: is not CSV"),
        ("s.toml", "[[car]]\nid = \n", "s.toml:2: is not TOML"),
        ("s.toml", "title = 'x'\n", "s.toml: has no [[car]] tables"),
        ("s.toml", '[[car]]\nid = "C1"\nplace = 102\n\n[[car]]\nid = "C2"\n', "s.toml:5: the place of car C2"),
        ("s.toml", "[[car]]\nid = 7\nplace = 102\n", "s.toml:1: the car's id 7"),
        ("s.json", '[\n{"id": "C1", "place": 102},\n{"id": "C2"}]', "s.json:3: the place of car C2 is None"),
        ("s.json", '{"cars": [\n{"id": "C1", "place": true}]}', "s.json:2: the place of car C1 is True"),
        ("s.json", '[{"id": "C1", "place": 102, "model": 3}]', "s.json:1: the model of car C1"),
        ("s.json", "[1]", "s.json: must be a list of objects"),
        ("s.json", "{\n", "s.json:2: is not JSON"),
        ("s.txt", "", "s.txt: is none of .csv, .toml, .json"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(BadStockFile, match=re.escape(says)):
        read_stock(write(tmp_path, name, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadStockFile, match="cannot be read: No such file"):
        read_stock(tmp_path / "s.csv")


def test_bytes_that_are_no_text_are_placed(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_bytes(b"car,place\nC\xff,102\n")
    with pytest.raises(BadStockFile, match=r"s\.csv:2: is not UTF-8"):
        read_stock(file)
