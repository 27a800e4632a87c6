"""A record as an entry of the journal: all of it, however deep, as JSON takes it."""

import json
from dataclasses import asdict

import pytest

from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import Asked, JobSet, PlaceSet, Record, to_entry


@pytest.mark.parametrize(
    "record",
    [
        Asked("x", "y"),
        PlaceSet(Place(101, PlaceStatus.OCCUPIED, "A7")),
        JobSet(Job(1, JobKind.STORE, "A7", None, 203, 101, JobState.PARKED, choices=("retry", "cancel"))),
    ],
    ids=lambda record: type(record).__name__,
)
def test_an_entry_holds_every_field_of_its_record(record: Record) -> None:
    kind, body = to_entry(record)
    assert kind == type(record).__name__
    assert json.loads(json.dumps(body)) == json.loads(json.dumps(asdict(record)))
