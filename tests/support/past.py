"""A journal with a past: the small tower, two cars, a job that has ended and one under way."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

from controller.domain.book import CARRIAGE
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.places import Car, Place, PlaceStatus
from controller.domain.records import (
    Accepted,
    Asked,
    CarKnown,
    EpochRaised,
    Issued,
    JobSet,
    PlaceSet,
    Planned,
    Record,
    Settled,
    UnitSet,
    to_entry,
)
from controller.store.journal import Journal
from tests.support.journals import at_once

GATE = "tower/room1.outer_gate"
OPEN = 20
"""OPEN in the contract."""

DONE = Job(1, JobKind.RETRIEVE, "A1", 203, 101, 101, JobState.DONE, finished_at=50.0)
UNDER_WAY = Job(2, JobKind.RETRIEVE, "B2", 202, 101, 101, JobState.PICKING, requested_by="1000:ann")

PAST: tuple[tuple[float, tuple[Record, ...]], ...] = (
    (7200.0, (EpochRaised(1, 1), UnitSet("EXECUTE", "start by 1000:ann"))),
    (7100.0, (CarKnown(Car("A1", "brisa")), CarKnown(Car("B2", "corso")))),
    (7100.0, tuple(PlaceSet(Place(n, PlaceStatus.FREE)) for n in (CARRIAGE, 101, 102, 103, 203, 204))),
    (7100.0, (PlaceSet(Place(202, PlaceStatus.OCCUPIED, "B2")), PlaceSet(Place(104, PlaceStatus.BLOCKED)))),
    (7000.0, (Asked("Retrieve {'car': 'A1'}", "1000:ann"), JobSet(DONE))),
    (1200.0, (JobSet(UNDER_WAY),)),
    (600.0, (Planned(GATE, 7, OPEN, 0, 0, 0, 0xBEEF, 3, None, "let in"), Issued(GATE, 7, 0xBEEF, 3))),
    (590.0, (Accepted(GATE, 7), Settled(GATE, 7, "OK"))),
    (30.0, (Asked("Relocate {'car': 'B2'}", "1000:ann", "CAR_HAS_JOB"),)),
)
"""Seconds ago, and what was kept in one commit."""


def write_past(journal: Path, past: tuple[tuple[float, tuple[Record, ...]], ...] = PAST) -> None:
    """Write a journal, or continue one that is there."""
    now = time.time()
    stamp = 0.0

    async def scenario() -> None:
        nonlocal stamp
        with closing(Journal.open(journal, now=lambda: stamp, executor=at_once)) as opened:
            for ago_s, records in past:
                stamp = now - ago_s
                await opened.append([to_entry(record) for record in records])

    asyncio.run(scenario())
