"""The mode in the journal: folded, snapshot, and read from snapshots of before there was a choice."""

import pytest

from controller.domain.book import Book
from controller.domain.records import ModeSet, from_entry, to_entry
from controller.domain.unit import UnitMode


@pytest.mark.parametrize("mode", UnitMode)
def test_the_mode_survives_entry_and_snapshot(mode: UnitMode) -> None:
    book = Book.empty((101, 102))
    assert book.mode is UnitMode.PRODUCTION
    book.apply(from_entry(*to_entry(ModeSet(mode.value, "7:kim"))))
    assert book.mode is mode
    assert Book.from_body(book.to_body()).mode is mode


def test_a_snapshot_of_before_there_was_a_choice_is_of_production() -> None:
    body = {key: value for key, value in Book.empty((101,)).to_body().items() if key != "mode"}
    assert Book.from_body(body).mode is UnitMode.PRODUCTION


def test_a_mode_that_nobody_knows_is_no_snapshot_of_this_version() -> None:
    with pytest.raises(ValueError, match="SLEEPWALKING"):
        Book.from_body({**Book.empty((101,)).to_body(), "mode": "SLEEPWALKING"})
