"""`cartower sheet`: marks, belief, ways and steps on paper, whatever is the matter with the computer."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from config.load import load_tower
from controller.cli.main import cartower
from controller.cli.retrieval import Believed, Room, Sheet, sheets, way_text
from controller.cli.sheet_html import html_pages
from controller.cli.sheet_text import COLUMNS, FORM_FEED, LINES, text_pages
from controller.domain.book import CARRIAGE, Book
from controller.domain.places import Car, Place, PlaceStatus
from tests.support.past import write_past

VOID = {"meta", "br"}


def ask(tmp_path: Path, *args: str, config: str = "small") -> Result:
    return CliRunner().invoke(cartower, ["sheet", *args, "--config", config, "--run-dir", str(tmp_path)])


def told(tmp_path: Path, *args: str) -> list[Any]:
    found: list[Any] = json.loads(ask(tmp_path, *args, "--json").stdout)["sheets"]
    return found


class Pages(HTMLParser):
    """Checks that every element is closed in its order; collects what a person reads by the page's id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, str] = {}
        self.addresses: list[str] = []
        self.page = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "section":
            self.page = dict(attrs)["id"] or ""
            self.texts[self.page] = ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"rect", "circle"}

    def handle_data(self, data: str) -> None:
        if self.page:
            self.texts[self.page] += f"{data} "


def test_a_page_tells_marks_belief_and_where_they_come_from(tmp_path: Path) -> None:
    write_past(tmp_path / "journal.sqlite")
    (page,) = told(tmp_path, "202")
    tower = load_tower("small")
    pose = tower.shape.poses[202]
    assert page["bay"] == {
        "place": 202, "level": 2, "position": 2, "height_mm": pose.height_mm, "angle_mdeg": pose.angle_mdeg,
    }  # fmt: skip
    assert page["believed"]["car"] == "B2"
    assert page["believed"]["model"] == "corso"
    assert page["believed"]["note"] == "job 2 RETRIEVE of B2 was PICKING"
    assert page["carriage"]["note"] == "job 2 RETRIEVE of B2 was PICKING"
    assert page["as_of"].startswith("journal entry ")
    assert [room["marks"]["place"] for room in page["rooms"]] == list(tower.shape.rooms)
    assert any("Draw the latch of bay 202" in step for part in page["steps"] for step in part["steps"])


def test_all_bays_have_a_page_behind_their_list(tmp_path: Path) -> None:
    write_past(tmp_path / "journal.sqlite")
    bays = load_tower("small").shape.bays
    pages = Pages(ask(tmp_path).stdout)
    assert pages.open == []
    assert list(pages.texts) == ["list", *(f"bay-{bay}" for bay in bays)]
    assert "car B2 (corso)" in pages.texts["bay-202"]
    assert "B2" not in pages.texts["bay-203"].replace("of B2 was", "")
    assert pages.addresses == [], "prints without a network"
    text = ask(tmp_path, "--format", "text").stdout
    assert text.count(FORM_FEED) == len(bays) + 1
    assert "list" not in Pages(ask(tmp_path, "203").stdout).texts, "one page alone needs no list"


def busy_book(bays: tuple[int, ...]) -> Book:
    """A book with the longest of everything."""
    book = Book.empty(bays)
    for bay in (CARRIAGE, *bays):
        car = Car(f"CAR-{'X' * 20}-{bay}", "a model of many words")
        book.cars[car.id] = car
        book.places[bay] = Place(bay, PlaceStatus.UNVERIFIED, car.id, "sensors show the place something " * 9)
    return book


@pytest.mark.parametrize("name", ["guangzhou", "autostadt"])
def test_text_fits_its_paper(name: str) -> None:
    tower = load_tower(name)
    pages = sheets(tower, tower.shape.bays, busy_book(tower.shape.bays), f"journal entry 9 {'x ' * 60}")
    printed = text_pages(pages).split(FORM_FEED)
    assert printed.pop() == ""
    assert len(printed) >= len(pages) + 1
    assert max(page.count("\n") for page in printed) <= LINES
    assert max(len(line) for page in printed for line in page.splitlines()) <= COLUMNS
    assert all(page.isascii() for page in printed)


def test_the_way_to_a_room_leads_there() -> None:
    tower = load_tower("guangzhou")
    for page in sheets(tower, tower.shape.bays, None, ""):
        for room in page.rooms:
            assert page.bay.height_mm + room.lift_mm == room.marks.height_mm
            assert (page.bay.angle_mdeg + room.turn_mdeg) % 360_000 == room.marks.angle_mdeg
            assert abs(room.turn_mdeg) <= 180_000


def test_ways_are_told_in_words() -> None:
    (page,) = sheets(load_tower("guangzhou"), [302], None, "")
    assert [way_text(room) for room in page.rooms] == [
        "down 5,000 mm, 40.00 deg to lower pos.",
        "down 5,000 mm, 80.00 deg to higher pos.",
        "down 5,000 mm, 160.00 deg to lower pos.",
    ]
    here = Room(1, page.bay, 0, 0)
    assert way_text(here) == "no lift, no turn"


def sample() -> Sheet:
    (page,) = sheets(load_tower("small"), [202], None, "never")
    return page


def test_what_is_believed_is_text_and_never_markup() -> None:
    evil = replace(sample(), believed=Believed("occupied", "<script>alert(1)</script>", "a & b"))
    text = html_pages([evil])
    assert "<script" not in text
    assert "<script>alert(1)</script> (a & b)" in re.sub(r"\s+", " ", Pages(text).texts["bay-202"])


@pytest.mark.parametrize("damage", ["none", "text", "empty"])
def test_marks_are_printed_whatever_is_the_matter_with_the_journal(tmp_path: Path, damage: str) -> None:
    if damage != "none":
        (tmp_path / "journal.sqlite").write_text("what a failing disk left" * (300 if damage == "text" else 0))
    result = ask(tmp_path, "202", "--format", "text")
    assert result.exit_code == 0
    assert "height 2,500 mm (level 2)" in result.stdout
    assert "believed: not known" in result.stdout
    assert "without the journal" in result.stdout
    assert result.stderr.startswith("without belief: ")


def test_another_bay_or_tower_than_there_is(tmp_path: Path) -> None:
    assert ask(tmp_path, "101").exit_code == 2, "a room is no bay"
    assert ask(tmp_path, "999").stderr.startswith("no bay of small: 999")
    assert ask(tmp_path, config=str(tmp_path / "none.toml")).exit_code == 5


def test_pages_go_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "sheets.html"
    assert ask(tmp_path, "-o", str(file)).stdout == ""
    assert "bay-202" in Pages(file.read_text("utf-8")).texts
    assert ask(tmp_path, "-o", str(tmp_path / "none" / "x.html")).exit_code == 74
