"""Looks into bays: in the journal and the snapshot as they were, in the order in which they were made."""

from controller.domain.book import Book
from controller.domain.looks import Eye, Finding, Look, in_turn
from controller.domain.records import BaySeen, from_entry, to_entry

FIRST = Look(102, 1000.0, Eye.CARRIAGE, Finding.DOUBTFUL, text="A a car, B nothing")
SECOND = Look(103, 900.0, Eye.PERSON, Finding.CORRECTED, by="1000:kim", text="C1 stands there")
BY_A_JOB = Look(104, 2000.0, Eye.CARRIAGE, Finding.AGREED, by="job 3", text="C1 was put there")
AGAIN = Look(102, 500.0, Eye.PERSON, Finding.AGREED, by="1000:kim")


def book_of(*looks: Look) -> Book:
    book = Book.empty([102, 103, 104])
    for look in looks:
        book.apply(BaySeen(look))
    return book


def test_an_entry_of_the_journal_is_the_record_again() -> None:
    for look in (FIRST, SECOND):
        assert from_entry(*to_entry(BaySeen(look))) == BaySeen(look)


def test_the_newest_look_into_each_bay_is_kept_over_snapshots_in_the_order_of_the_journal() -> None:
    for book in (made := book_of(FIRST, SECOND, BY_A_JOB, AGAIN), Book.from_body(made.to_body())):
        assert list(book.looks.items()) == [(103, SECOND), (104, BY_A_JOB), (102, AGAIN)], "whatever the clock said"
        assert book.visited_at == FIRST.at, "neither a person's look nor a job's exchange is a visit"


def test_a_snapshot_of_before_anybody_looked_is_read() -> None:
    body = book_of().to_body()
    old = {name: value for name, value in body.items() if name not in ("looks", "visited_at")}
    assert (Book.from_body(old).looks, Book.from_body(old).visited_at) == ({}, None)


def test_the_turn_goes_round() -> None:
    book, bays = book_of(FIRST, SECOND), [102, 103, 104, 105]
    assert in_turn(bays, book.looks) == [104, 105], "never looked into"
    assert in_turn([102, 103], book.looks) == [102]
    assert in_turn([103], book.looks) == [103], "out of use: left out"
    assert in_turn([], book.looks) == []
    book.apply(BaySeen(AGAIN))
    assert in_turn([102, 103], book.looks) == [103]
