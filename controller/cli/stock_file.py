"""Reading which car stands where from a file: CSV, a TOML scenario, or JSON. Faults name file and line."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

Line = tuple[int, Mapping[str, Any]]
"""Line number from 1, and the values that stand there."""

_CARS: Final = re.compile(r'"cars"\s*:\s*(?=\[)')
_GAP: Final = re.compile(r"[\s,]*")


class BadStockFile(ValueError):
    """A file that cannot be read as stock: ``file:line: what is wrong``."""

    def __init__(self, file: Path, line: int, text: str) -> None:
        super().__init__(f"{file}:{line}: {text}" if line else f"{file}: {text}")


def read_stock(file: Path) -> list[dict[str, object]]:
    """Return the cars of a file as ``{"id", "place", "model"}``, in its order.

    Raises:
        BadStockFile: the file cannot be read, or a line is wrong.

    """
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise BadStockFile(file, 0, f"is none of {', '.join(_READERS)}")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadStockFile(file, 0, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadStockFile(file, error.object.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from error
    return list(_checked(file, read(file, text)))


def _checked(file: Path, lines: Iterable[Line]) -> Iterator[dict[str, object]]:
    """Yield the cars; each must have an id and a place, both once."""
    seen: dict[str | int, int] = {}
    for number, values in lines:
        car, place, model = values.get("id"), values.get("place"), values.get("model") or ""
        if not isinstance(car, str) or not car:
            raise BadStockFile(file, number, f"the car's id {car!r} is no text")
        if isinstance(place, bool) or not isinstance(place, int):
            raise BadStockFile(file, number, f"the place of car {car} is {place!r}, not a number such as 203")
        if not isinstance(model, str):
            raise BadStockFile(file, number, f"the model of car {car} is {model!r}, not a text")
        for key, what in ((car, f"car {car}"), (place, f"place {place}")):
            if key in seen:
                raise BadStockFile(file, number, f"{what} is named twice: also in line {seen[key]}")
            seen[key] = number
        yield {"id": car, "place": place, "model": model}


def _read_csv(file: Path, text: str) -> Iterator[Line]:
    reader = csv.reader(StringIO(text), strict=True)
    columns: list[str] | None = None
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if columns is None:
                columns = _columns(file, reader.line_num, cells)
                continue
            if len(cells) > len(columns):
                raise BadStockFile(file, reader.line_num, f"has {len(cells)} cells, the first line {len(columns)}")
            values = dict(zip(columns, cells, strict=False))
            place = values.get("place", "")
            number: object = int(place) if place.isascii() and place.isdecimal() else place
            yield reader.line_num, {"id": values.get("car"), "place": number, "model": values.get("model", "")}
    except csv.Error as error:
        raise BadStockFile(file, reader.line_num, f"is not CSV: {error}") from error


def _columns(file: Path, line: int, cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    if not {"car", "place"} <= set(names) <= {"car", "place", "model"} or len(set(names)) < len(names):
        raise BadStockFile(file, line, f"must name the columns car,place or car,place,model, not {','.join(cells)}")
    return names


def _read_toml(file: Path, text: str) -> Iterator[Line]:
    from config.document import parse_document
    from config.faults import ConfigError

    try:
        document = parse_document(text, str(file))
    except ConfigError as error:
        raise BadStockFile(file, error.faults[0].line, error.faults[0].message) from error
    cars = document.values.get("car")
    if not isinstance(cars, list) or not all(isinstance(car, dict) for car in cars):
        raise BadStockFile(file, 0, "has no [[car]] tables")
    for i, car in enumerate(cars):
        yield document.spots["car", i].key.line, car


def _read_json(file: Path, text: str) -> Iterator[Line]:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadStockFile(file, error.lineno, f"is not JSON: {error.msg}") from error
    cars = whole.get("cars") if isinstance(whole, dict) else whole
    if not isinstance(cars, list) or not all(isinstance(car, dict) for car in cars):
        raise BadStockFile(file, 0, 'must be a list of objects, or {"cars": [...]}')
    for line, car in zip(_lines_of_items(text, whole), cars, strict=True):
        if car.get("where", "bay") == "bay":
            yield line, car


def _lines_of_items(text: str, whole: object) -> Iterator[int]:
    """Yield the line on which each car begins."""
    at = 0
    if isinstance(whole, dict):
        found = _CARS.search(text)
        assert found is not None, "the text was read and has the cars"
        at = found.end()
    decoder = json.JSONDecoder()
    at = text.index("[", at) + 1
    while True:
        gap = _GAP.match(text, at)
        assert gap is not None, "the pattern matches nothing too"
        if text[gap.end()] == "]":
            return
        yield text.count("\n", 0, gap.end()) + 1
        _, at = decoder.raw_decode(text, gap.end())


_READERS: Final[Mapping[str, Callable[[Path, str], Iterator[Line]]]] = {
    ".csv": _read_csv,
    ".toml": _read_toml,
    ".json": _read_json,
}
