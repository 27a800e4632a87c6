"""What a tower is kept from outlives the journal's snapshots, and a snapshot of before there was any can be read."""

import pytest

from controller.domain.book import Book
from controller.domain.records import RestrictionSet, from_entry, to_entry
from controller.domain.restrictions import Restricted, Restriction, over, said

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
    assert str(record.restriction) == f"{said(record.restriction.key)}: why"
    assert over(record.restriction.key) != said(record.restriction.key)


def test_a_snapshot_of_before_anything_could_be_restricted_is_read() -> None:
    body = Book.empty([102]).to_body()
    old = {name: value for name, value in body.items() if name != "restrictions"}
    assert Book.from_body(old).restrictions == {}
