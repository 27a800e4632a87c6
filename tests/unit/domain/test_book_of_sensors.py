"""Sensors out of service outlive the journal's snapshots, and a snapshot of before there were any can be read."""

from controller.domain.book import Book
from controller.domain.records import SensorSet, from_entry, to_entry


def test_a_sensor_out_of_service_is_in_the_snapshot_until_it_is_back() -> None:
    book = Book.empty([102])
    out = SensorSet("bay102.occupied_a", out=True, why="torn", by="eve")
    book.apply(out)
    again = Book.from_body(book.to_body())
    assert again.sensors_out == {out.name: out}
    again.apply(SensorSet(out.name, out=False))
    assert again.sensors_out == {}
    assert Book.from_body(again.to_body()).sensors_out == {}


def test_an_entry_of_the_journal_is_the_record_again() -> None:
    record = SensorSet("room1.person", out=True, why="dirty", by="eve")
    assert from_entry(*to_entry(record)) == record


def test_a_snapshot_of_before_sensors_could_be_taken_out_is_read() -> None:
    body = Book.empty([102]).to_body()
    old = {name: value for name, value in body.items() if name != "sensors_out"}
    assert Book.from_body(old).sensors_out == {}
