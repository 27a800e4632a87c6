"""After a restart, a lost link or a cut motion: what became of every open intent, and where every car is.

Nothing here moves anything. Outcomes come from the contract's table (`hal`), places from the sensors: two
independent signals that agree with what the journal allows, or the place is unverified.
"""

from collections.abc import Collection
from dataclasses import replace

import structlog

from controller.activities import readings
from controller.activities.context import Bench
from controller.activities.primitive import StepFailed, settled
from controller.activities.readings import SEEN
from controller.domain.book import CARRIAGE, Book, Intent
from controller.domain.jobs import JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Record, Settled
from hal.interfaces import Outcome, Prepared, Verdict
from hal.plcmap.codes import Status, serial_ahead
from hal.plcmap.frame import Content
from hal.readings import Loaded

log = structlog.get_logger(__name__)

_ROOMS_OWN = ("outer_gate", "signal")
"""Mechanisms whose commands a room's own activities settle."""

CUT = "an exchange was cut here"
"""Why a place is unverified between which and another one a car may hang."""

GIVEN_UP = "GIVEN_UP"
"""Verdict of a command whose outcome nobody will ever tell, and that cannot run any more."""


async def settle_open(bench: Bench, book: Book, mechanisms: Collection[str] | None = None) -> list[Outcome]:
    """Find the outcome of every open intent (of some mechanisms by full name) and commit them.

    Raises:
        NotOnline: a station is not there to be asked.

    """
    outcomes = []
    for intent in list(book.intents.values()):
        if mechanisms is not None and intent.planned.mechanism not in mechanisms:
            continue
        mechanism = bench.tower.mechanism(intent.planned.mechanism)
        outcome = await mechanism.settle(_prepared(intent), intent.checks)
        log.info(
            "intent_settled",
            mechanism=intent.planned.mechanism,
            sequence=intent.planned.sequence,
            verdict=outcome.verdict.name,
        )
        await bench.keeper.commit(*settled(outcome))
        outcomes.append(outcome)
    return outcomes


async def end_stops(bench: Bench) -> None:
    """Bring every STOP to its end that may still be delivered: nothing may be written behind it before.

    No intent stands for one; where the line broke while it was written, nobody follows it any more.

    Raises:
        HalError: a station is not there to be asked, or not ours.

    """
    for mechanism in bench.tower.mechanisms.values():
        await mechanism.settle(None)


async def settle_carriage(bench: Bench, book: Book) -> None:
    """Let no command of the carriage, or at a way to it, stay open behind a new one.

    Raises:
        StepFailed: the outcome of one is not known.
        NotOnline: a station is not there to be asked.

    """
    open_here = {name for name, _ in book.intents if not name.endswith(_ROOMS_OWN)}
    if open_here and unknown(await settle_open(bench, book, open_here)):
        raise StepFailed("UNKNOWN", "the outcome of an earlier command is not known")


def unknown(outcomes: Collection[Outcome]) -> list[Outcome]:
    """Return the outcomes that only a person or sensors can decide."""
    return [outcome for outcome in outcomes if outcome.verdict is Verdict.UNKNOWN]


async def give_up_unknown(bench: Bench, book: Book, outcomes: Collection[Outcome]) -> list[Outcome]:
    """Close, by a person's order, what is unknown and cannot run any more; return what stays unknown.

    That is a command whose station shows a later one or an anew started memory, and runs nothing. What it has
    moved, homing and the sensors tell: the steps behind it begin from what these show.

    Raises:
        NotOnline: a station is not there to be asked.

    """
    kept = []
    for outcome in unknown(outcomes):
        prepared = outcome.prepared
        intent = book.intents.get((prepared.mechanism, prepared.sequence))
        if intent is None or _may_run(bench, intent):
            kept.append(outcome)
            continue
        log.warning("outcome_given_up", mechanism=prepared.mechanism, sequence=prepared.sequence, why=outcome.text)
        await bench.keeper.commit(Settled(prepared.mechanism, prepared.sequence, GIVEN_UP))
    return kept


def compare(bench: Bench, book: Book) -> list[Record]:
    """Return what has to change in the book so that it claims nothing that the sensors do not prove.

    Raises:
        NotOnline: a station's image may not be trusted.

    """
    changes = [*_exchange(bench, book)]
    touched = {place.number for place in changes}
    changes += [place for number in bench.shape.bays if number not in touched for place in _bay(bench, book, number)]
    if CARRIAGE not in touched:
        changes += _carriage(bench, book)
    return [PlaceSet(place) for place in changes if book.places[place.number] != place]


def compare_exchange(bench: Bench, book: Book, place: int, car: str) -> list[Record]:
    """Return what has to change of a place and the carriage behind an exchange that is over and was not proven.

    Raises:
        NotOnline: a station's image may not be trusted.

    """
    if readings.docked_place(bench) != place:
        changes = _doubtful(book, place, car, "the carriage is not proven docked here behind an exchange")
    elif book.where(car) in (place, CARRIAGE):
        changes = _between(bench, book, place, car)
    else:
        changes = _beside_the_book(bench, book, place, car)
    return [PlaceSet(place) for place in changes if book.places[place.number] != place]


def _exchange(bench: Bench, book: Book) -> list[Place]:
    """Decide on the two places between which a car may hang: the carriage and where it is docked."""
    docked, car = readings.docked_place(bench), _car_between(bench, book)
    return [] if docked is None or car is None else _between(bench, book, docked, car)


def _between(bench: Bench, book: Book, docked: int, car: str) -> list[Place]:
    """Decide on the place where the carriage is docked and on the carriage, one of which has a car."""
    if readings.may_hang(bench):
        return _doubtful(book, docked, car, CUT)
    match readings.presence(bench, docked), bench.tower.shuttle.loaded:
        case Loaded.YES, Loaded.NO:
            return [Place(docked, PlaceStatus.OCCUPIED, car), Place(CARRIAGE, PlaceStatus.FREE)]
        case Loaded.NO, Loaded.YES:
            return [Place(docked, PlaceStatus.FREE), Place(CARRIAGE, PlaceStatus.OCCUPIED, car)]
        case at_place, on_carriage:
            reason = f"sensors show the place {SEEN[at_place]} and the carriage {SEEN[on_carriage]}"
            return _doubtful(book, docked, car, reason)


def _beside_the_book(bench: Bench, book: Book, docked: int, car: str) -> list[Place]:
    """Decide on the two places of an exchange of a car that the book has at neither: what it does not know is in doubt.

    A car that is in the book nowhere is named where the one that nobody knows is seen.
    """
    if readings.may_hang(bench):
        return _doubtful(book, docked, car, CUT)
    sights = {docked: readings.presence(bench, docked), CARRIAGE: bench.tower.shuttle.loaded}
    strange = [number for number, sight in sights.items() if sight is Loaded.YES and book.places[number].car is None]
    named = strange if len(strange) == 1 and book.where(car) is None else []
    return [
        each
        for number, sight in sights.items()
        for each in _seen(book.places[number], sight, car if number in named else None)
    ]


def _doubtful(book: Book, docked: int, car: str, reason: str) -> list[Place]:
    """Return both places of an exchange as unverified, the car where it was believed: aboard if it was nowhere."""
    where = book.where(car)
    beliefs = {number: book.places[number].car for number in (docked, CARRIAGE)}
    if where is None and beliefs[CARRIAGE] is None:
        beliefs[CARRIAGE] = car
    return [Place(number, PlaceStatus.UNVERIFIED, belief, reason) for number, belief in beliefs.items()]


def _car_between(bench: Bench, book: Book) -> str | None:
    """Return the car of the job that may have an exchange in progress where the carriage is docked.

    A queued job has none: its car waits there while the carriage may well bring another one. Nor has one that waits
    for a room: there stands somebody else's.
    """
    docked = readings.docked_place(bench)
    for job in book.open_jobs():
        under_way = job.state is not JobState.QUEUED
        ends = (job.source, None if job.ahead else job.target)
        if under_way and docked in ends and book.where(job.car) in (docked, CARRIAGE):
            return job.car
    return None


def _bay(bench: Bench, book: Book, number: int) -> list[Place]:
    """Return the bay as it may be believed, if that is less than is believed."""
    place, sight = book.places[number], readings.presence(bench, number)
    free = place.status is PlaceStatus.FREE and sight is Loaded.NO
    if free and bench.tower.shuttle.resumable and readings.docked_place(bench) == number:
        return [Place(number, PlaceStatus.UNVERIFIED, None, CUT)]
    return _seen(place, sight)


def _seen(place: Place, sight: Loaded, name: str | None = None) -> list[Place]:
    """Return a place as it may be believed, if that is less than is believed; ``name``: of a car that is seen there."""
    match place.status, sight:
        case (PlaceStatus.OCCUPIED, Loaded.YES) | (PlaceStatus.FREE, Loaded.NO):
            return []
        case (PlaceStatus.OCCUPIED | PlaceStatus.FREE), _:
            reason = f"believed {place.status}, sensors show {SEEN[sight]}"
            return [Place(place.number, PlaceStatus.UNVERIFIED, place.car or name, reason)]
        case PlaceStatus.UNVERIFIED, _ if name is not None:
            return [replace(place, car=name, reason=f"believed empty, sensors show {SEEN[sight]}")]
        case _:
            return []


def _carriage(bench: Bench, book: Book) -> list[Place]:
    place, shuttle = book.places[CARRIAGE], bench.tower.shuttle
    sight = shuttle.loaded
    if shuttle.resumable or (place.car is None and readings.may_hang(bench)):
        # Cut in nobody's name, or at a place that its job has given up since: what hangs there is on neither yet.
        return [Place(CARRIAGE, PlaceStatus.UNVERIFIED, place.car, CUT)]
    if place.car is None and sight is Loaded.NO:
        return [Place(CARRIAGE, PlaceStatus.FREE)]
    # Sensors see a car, not which: a name that was in doubt is believed again for a job alone that has put it there.
    named = place.status is PlaceStatus.OCCUPIED or (place.car is not None and book.job_of_car(place.car) is not None)
    if place.car is not None and named and sight is Loaded.YES:
        return [Place(CARRIAGE, PlaceStatus.OCCUPIED, place.car)]
    return [Place(CARRIAGE, PlaceStatus.UNVERIFIED, place.car, f"sensors show the carriage {SEEN[sight]}")]


def _may_run(bench: Bench, intent: Intent) -> bool:
    """Return whether a command may run now, or may still be accepted.

    It cannot be accepted any more behind a later one, behind another boot id, while the station refuses all work
    for its lost memory, or behind a gap: a station that forgot may have drawn the old boot id again.
    """
    planned = intent.planned
    station = bench.tower.stations[planned.mechanism.split("/")[0]]
    status = bench.tower.mechanism(planned.mechanism).status()
    if status.executing != 0:
        return True
    passed = status.accepted != 0 and serial_ahead(status.accepted, planned.sequence) >= 0
    forgotten = Status.MEMORY_LOST in station.image.status or station.image.boot_id != intent.boot_id
    return not (passed or forgotten or _behind_a_gap(planned.sequence, status.accepted))


def _behind_a_gap(sequence: int, accepted: int) -> bool:
    """Return whether a station that has accepted so much must have accepted others before it can accept a sequence."""
    return sequence != 1 if accepted == 0 else serial_ahead(sequence, accepted) > 1


def _prepared(intent: Intent) -> Prepared:
    planned = intent.planned
    content = Content(planned.opcode, planned.argument1, planned.argument2, planned.expected_from)
    return Prepared(planned.mechanism, planned.sequence, content, intent.checks[-1], intent.boot_id)
