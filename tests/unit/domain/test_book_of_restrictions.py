"""What a tower is kept from outlives the journal's snapshots, and a snapshot of before there was any can be read."""

import pytest

from controller.domain.book import Book
from controller.domain.records import RestrictionSet, from_entry, to_entry
from controller.domain.restrictions import Restricted, Restriction, over, speeds
from controller.domain.travel import RATED, Speeds

BEAM = Restriction(Restricted.LEVEL, 3, "a beam is bent", "eve")


def test_a_restriction_is_in_the_snapshot_until_it_is_taken_back() -> None:
    book = Book.empty([102])
    book.apply(RestrictionSet(BEAM, on=True))
    again = Book.from_body(book.to_body())
    assert again.restrictions == {BEAM.key: BEAM}
    again.apply(RestrictionSet(Restriction(Restricted.LEVEL, 3, by="ada"), on=False))
    assert again.restrictions == {}
    assert Book.from_body(again.to_body()).restrictions == {}


@pytest.mark.parametrize("kind", Restricted)
def test_an_entry_of_the_journal_is_the_record_again_and_has_its_words(kind: Restricted) -> None:
    record = RestrictionSet(Restriction(kind, 2, "why", "eve"), on=True)
    assert from_entry(*to_entry(record)) == record
    assert str(record.restriction) == f"{record.restriction.said}: why"
    assert over(record.restriction.key) != record.restriction.said


def test_a_snapshot_of_before_anything_could_be_restricted_is_read() -> None:
    body = Book.empty([102]).to_body()
    old = {name: value for name, value in body.items() if name != "restrictions"}
    assert Book.from_body(old).restrictions == {}


def test_a_speed_that_is_stated_anew_takes_the_place_of_the_one_before() -> None:
    book = Book.empty([102])
    for percent in (50, 70):
        book.apply(RestrictionSet(Restriction(Restricted.LIFT, percent, "derated", "eve"), on=True))
    book.apply(RestrictionSet(Restriction(Restricted.SHUTTLE, 25, "worn", "eve"), on=True))
    again = Book.from_body(book.to_body())
    assert [str(each) for each in again.restrictions.values()] == [
        "the lift runs at 70 % of its speed: derated",
        "the shuttle runs at 25 % of its speed: worn",
    ]
    assert speeds(again.restrictions) == Speeds(lift=0.7, shuttle=0.25)
    again.apply(RestrictionSet(Restriction(Restricted.LIFT, by="ada"), on=False))
    assert speeds(again.restrictions) == Speeds(shuttle=0.25)
    assert over((Restricted.LIFT, 0)) == "the lift runs at its full speed again"


def test_nothing_stated_is_rated_speed() -> None:
    assert speeds({BEAM.key: BEAM}) == RATED
