"""What a person needs to bring a car down by hand: marks, belief and steps. Pure; pages are made of it elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.domain.book import CARRIAGE, Book
from controller.domain.travel import FULL_TURN_MDEG

if TYPE_CHECKING:
    from config.schema import Tower

UNKNOWN: Final = "not known"

LONGEST: Final = 140
"""Characters of a belief on paper."""

BLANKS: Final = (
    *("Car seen in the bay (plate, model)", "Key or paper that shows whose it is", "Begun, ended (date, time)"),
    *("Moved by (name, signature)", "Watched by (name, signature)", "Handed over to (name, signature)"),
)
"""Lines to be filled in by hand."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the carriage stands docked at a place: height above level 1, angle from position 1."""

    place: int
    level: int
    position: int
    height_mm: int
    angle_mdeg: int


@dataclass(frozen=True, slots=True)
class Room:
    """A transfer room, and the way there from the bay: up and towards higher positions count as positive."""

    number: int
    marks: Marks
    lift_mm: int
    turn_mdeg: int


@dataclass(frozen=True, slots=True)
class Believed:
    """What was believed of a place when the sheet was made."""

    status: str = UNKNOWN
    car: str = ""
    model: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One bay's page."""

    tower: str
    bay: Marks
    rooms: tuple[Room, ...]
    height_tolerance_mm: int
    angle_tolerance_mdeg: int
    levels: int
    positions: int
    believed: Believed
    carriage: Believed
    as_of: str
    """Which state of the journal the belief is of; why there is none, if there is none."""


def sheets(tower: "Tower", bays: Sequence[int], book: Book | None, as_of: str) -> list[Sheet]:
    """Return the sheets of some bays; ``book`` is None where no belief can be told."""
    shape = tower.shape
    return [
        Sheet(
            tower=tower.title or tower.name,
            bay=_marks(tower, bay),
            rooms=tuple(_room(tower, number, place, bay) for number, place in enumerate(shape.rooms, start=1)),
            height_tolerance_mm=shape.height_tolerance_mm,
            angle_tolerance_mdeg=shape.angle_tolerance_mdeg,
            levels=shape.levels,
            positions=shape.positions,
            believed=_believed(book, bay),
            carriage=_believed(book, CARRIAGE),
            as_of=as_of,
        )
        for bay in bays
    ]


def belief_text(believed: Believed) -> str:
    """Return a belief in few words: what would not fit on a page is cut."""
    car = f"{believed.car} ({believed.model})" if believed.model else believed.car
    words = f"{believed.status}, car {car}" if car else believed.status
    return shorten(f"{words}: {believed.note}" if believed.note else words, LONGEST)


def shorten(text: str, most: int) -> str:
    """Return a text on one line, cut to so many characters with a mark of the cut."""
    whole = " ".join(text.split())
    return whole if len(whole) <= most else f"{whole[: most - 4]} ..."


def marks_text(marks: Marks) -> str:
    """Return where the carriage has to stand."""
    return (
        f"height {marks.height_mm:,} mm (level {marks.level}), "
        f"angle {degrees(marks.angle_mdeg)} (position {marks.position})"
    )


def way_text(room: Room) -> str:
    """Return the way to a room from the bay."""
    lift = "no lift" if room.lift_mm == 0 else f"{'up' if room.lift_mm > 0 else 'down'} {abs(room.lift_mm):,} mm"
    side = "higher" if room.turn_mdeg > 0 else "lower"
    turn = "no turn" if room.turn_mdeg == 0 else f"{degrees(abs(room.turn_mdeg))} to {side} pos."
    return f"{lift}, {turn}"


def degrees(mdeg: int) -> str:
    """Return an angle in degrees, to a hundredth, in letters that every printer has."""
    return f"{mdeg / 1000:.2f} deg"


def steps(sheet: Sheet) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the parts of the work, each with its steps in order.

    They follow the machine's own interlocks, which nobody but the persons on site holds while the maintenance key is
    on: shuttle centred before lift or turntable move, held before the shuttle does, way proven open, nobody in a room.
    """
    bay = sheet.bay.place
    off = f"within {sheet.height_tolerance_mm} mm and {degrees(sheet.angle_tolerance_mdeg)}"
    yield (
        "Make it safe",
        (
            "Two trained persons: one moves, one watches and keeps a hand at the emergency stop. Press it now.",
            "Nobody is in a room or in the shaft; every inner door and outer gate is closed and locked.",
            "Turn the maintenance key ON and keep it: no computer moves anything now. Reset the emergency stop.",
            "No mains, or no PLC: main switch locked off, brake release and hand wheels by their makers' instructions.",
        ),
    )
    yield (
        "Look at the carriage",
        (
            f"It was believed: {belief_text(sheet.carriage)}. Seen: empty / car ______________________________",
            "Is a car on it, or the shuttle not centred: settle that first. Never lift or turn so.",
        ),
    )
    yield (
        f"Go to bay {bay} and take the car",
        (
            f"Hold-to-run, slow: {marks_text(sheet.bay)}, {off}; more, and the arms strike the bay.",
            f"Read the number at the bay: {bay}. Write down which car stands there; another than believed: stop, ask.",
            f"Brakes set, carriage at rest. Draw the latch of bay {bay}.",
            "Arms out under the car, comb up until the car is clear of the bay, arms in to the centre mark.",
            f"The car stands secured on the carriage. Lock the latch of bay {bay}.",
        ),
    )
    yield (
        "Bring it to a room",
        (
            "Choose a room from the table. Hold-to-run, slow, to its marks; brakes set, carriage at rest.",
            "Nobody inside, outer gate locked: open the inner door, arms out, comb down, arms in to the centre mark.",
            "Close and lock the inner door. Only then open the outer gate, and hand the car over.",
        ),
    )
    yield (
        "Afterwards",
        (
            f"Bay {bay} is empty: note it in the list. The key stays ON until the last car is out.",
            "With the computer back every position is unverified: look, then `cartower inventory import FILE`.",
        ),
    )


def _marks(tower: "Tower", place: int) -> Marks:
    pose = tower.shape.poses[place]
    return Marks(place, place // 100, place % 100, pose.height_mm, pose.angle_mdeg)


def _room(tower: "Tower", number: int, place: int, bay: int) -> Room:
    here, there = _marks(tower, bay), _marks(tower, place)
    ahead = (there.angle_mdeg - here.angle_mdeg) % FULL_TURN_MDEG
    turn_mdeg = ahead if ahead <= FULL_TURN_MDEG // 2 else ahead - FULL_TURN_MDEG
    return Room(number, there, there.height_mm - here.height_mm, turn_mdeg)


def _believed(book: Book | None, number: int) -> Believed:
    place = None if book is None else book.places.get(number)
    if book is None or place is None:
        return Believed()
    model = book.cars[place.car].model if place.car in book.cars else ""
    return Believed(place.status.value, place.car or "", model, "; ".join(_notes(book, number, place.reason)))


def _notes(book: Book, number: int, reason: str) -> Iterator[str]:
    if reason:
        yield reason
    for job in book.open_jobs():
        if number in (job.source, job.target) or (number == CARRIAGE and job.state.value != "QUEUED"):
            yield f"job {job.id} {job.kind.value} of {job.car} was {job.state.value}"


def as_json(sheet: Sheet) -> Mapping[str, object]:
    """Return a sheet as JSON-able data, its steps included."""
    from dataclasses import asdict

    return {**asdict(sheet), "steps": [{"part": part, "steps": list(lines)} for part, lines in steps(sheet)]}
