"""Where alarms come from: which conditions stand now, as far as stations and the runtime show them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from controller.activities.context import Bench
from controller.activities.readings import standing
from controller.domain.alarms import BY_KEY, BY_NUMBER, STANDING, Of, Tag
from controller.domain.book import Book
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.domain.service_plan import GROUPS
from controller.domain.unit import ASKED_FOR, UnitState
from controller.runtime.barred import EXPLAINED_BY
from hal.interfaces import StationState, Verdict
from hal.plcmap.codec import Image
from hal.plcmap.codes import Safety, State, Status
from hal.scan import Station

if TYPE_CHECKING:
    from controller.runtime.control import Control

TOWER: Final = 0
"""The index of the tower PLC among the stations."""

AXES: Final = ("lift", "turntable", "shuttle")

BAYS_NAMED: Final = 5

_OUT_OF_ORDER: Final = int(Status.MAINTENANCE_KEY | Status.MEMORY_LOST)

_NUMBER: Final = re.compile(r"(\d{1,4})(?:\.(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """A field bus with the names of its stations."""

    name: str
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What stands, in words, and what cannot be seen and is held as it was.

    ``unseen``: stations that show nothing; ``unmeasured``: alarms whose value nobody has measured since the start.
    """

    standing: Mapping[Tag, str]
    unseen: frozenset[int] = field(default_factory=frozenset)
    unmeasured: frozenset[Tag] = field(default_factory=frozenset)

    def held(self, tag: Tag) -> bool:
        """Whether nobody can see the condition of an alarm now."""
        alarm = tag.alarm
        if tag in self.unmeasured:
            return True
        if alarm.of is Of.STATION and alarm.key != "STATION_OFFLINE":
            return tag.index in self.unseen
        return (alarm.safety or alarm.of in (Of.ROOM, Of.AXIS)) and TOWER in self.unseen


class Sources:
    """Looks at a tower. ``buses``: all of them, in the configuration's order."""

    def __init__(self, bench: Bench, book: Book, buses: tuple[Line, ...]) -> None:
        self._bench = bench
        self._book = book
        self._buses = tuple(bus.name for bus in buses)
        # Where a station has a bus of its own, the loss of the one is the loss of the other.
        self._lines = tuple(bus for bus in buses if len(bus.stations) > 1)
        self._names = tuple(bench.tower.stations)
        self._measured: dict[Tag, float] = {}

    def subject(self, tag: Tag) -> str | None:
        """Return what an alarm is about, empty for the tower; None if the tower has no such thing."""
        names: tuple[str, ...]
        match tag.alarm.of:
            case Of.TOWER:
                return "" if tag.index is None else None
            case Of.JOB:
                return None if tag.index is None else f"job {tag.index}"
            case Of.STATION:
                names, first = self._names, 0
            case Of.LINE:
                names, first = tuple(line.name for line in self._lines), 0
            case Of.BUS:
                names, first = self._buses, 0
            case Of.ROOM:
                names, first = tuple(f"room {n}" for n in range(1, len(self._bench.shape.rooms) + 1)), 1
            case Of.AXIS:
                names, first = AXES, 1
            case Of.SERVICE:
                names, first = tuple(GROUPS), 1
        at = -1 if tag.index is None else tag.index - first
        return names[at] if 0 <= at < len(names) else None

    def named(self, number: str, listed: Collection[Tag]) -> Tag:
        """Return the alarm that a person means by ``701.2``, or by ``701`` where that is one alone.

        Raises:
            Refusal: there is no such alarm.

        """
        match = _NUMBER.fullmatch(number)
        alarm = None if match is None else BY_NUMBER.get(int(match[1]))
        if match is None or alarm is None:
            raise Refusal("UNKNOWN_ALARM", f"there is no alarm {number}")
        tag = Tag(alarm.key, None if match[2] is None else int(match[2]))
        found = [each for each in listed if each == tag or (tag.index is None and each.key == tag.key)]
        if len(found) == 1:
            return found[0]
        # Of what is not in the list a person may hide what the tower has; jobs come and go.
        if self.subject(tag) is None or alarm.of is Of.JOB:
            raise Refusal("UNKNOWN_ALARM", f"alarm {number} is one of many, and the list has no such line")
        return tag

    def parent(self, tag: Tag) -> Tag | None:
        """Return the one alarm that explains another while it stands."""
        alarm = tag.alarm
        if not alarm.parent:
            return None
        if alarm.of is Of.AXIS and (job := self._parked_by(tag)) is not None:
            return job
        if BY_KEY[alarm.parent].of is Of.STATION:
            return Tag(alarm.parent, tag.index if alarm.of is Of.STATION else TOWER)
        assert tag.index is not None
        name = self._names[tag.index]
        at = next((at for at, line in enumerate(self._lines) if name in line.stations), None)
        return None if at is None else Tag(alarm.parent, at)

    def _parked_by(self, tag: Tag) -> Tag | None:
        """Return the alarm of a job that is parked since an axis has failed: its reason tells whoever decides on it."""
        assert tag.index is not None
        failed = f"tower/{AXES[tag.index - 1]}: {Verdict.FAULT.name}"
        parked = (line for line in self._book.alarms.values() if line.key == "JOB_PARKED" and line.state in STANDING)
        return next((line.tag for line in parked if failed in line.text), None)

    def take(self, values: Mapping[Tag, float]) -> None:
        """Take what was measured; what is not among it stays as it was."""
        self._measured.update(values)

    def look(self, control: "Control") -> Findings:
        """Return what stands now."""
        found: dict[Tag, str] = {}
        stations = tuple(self._bench.tower.stations.values())
        seen = [station.online for station in stations]
        unseen = frozenset(at for at, online in enumerate(seen) if not online)
        for at, station in enumerate(stations):
            found |= _station(at, station, online=seen[at])
        if unseen:
            found |= self._lost(stations, tuple(found))
        image = stations[TOWER].last_image
        if TOWER not in unseen and image is not None:
            found |= _safety(image.safety)
            found |= _axes(image)
        explained = bool(found) or self._listed_as_lost()
        found |= control.service.due()
        found |= self._rooms(control)
        found |= self._jobs()
        found |= self._places()
        if control.audit.trouble:
            found[Tag("AUDIT_FAILED")] = control.audit.trouble
        if control.audit.stranded:
            found[Tag("DWELL_FAILED")] = control.audit.stranded
        unit = control.unit
        waits = unit.state is UnitState.ABORTED and (unit.reconciled or unit.start_hangs)
        if waits and not explained and unit.cause != ASKED_FOR:
            found[Tag("UNIT_ABORTED")] = unit.cause
        if not unseen:
            found |= _barred(control, found)
        return Findings(found | measured_beyond(self._measured, self._book), unseen, self._unmeasured())

    def _lost(self, stations: Sequence[Station], offline: Collection[Tag]) -> Iterator[tuple[Tag, str]]:
        """Yield what the loss of several stations has in common; ``offline``: the alarms of each."""
        frozen = [station.name for station in stations if station.state is StationState.FROZEN]
        if frozen:
            yield Tag("FOREIGN_MASTER"), f"seen by {', '.join(frozen)}"
        for at, line in enumerate(self._lines):
            if all(Tag("STATION_OFFLINE", self._names.index(name)) in offline for name in line.stations):
                yield Tag("LINE_LOST", at), f"none of {', '.join(line.stations)} answers"

    def _listed_as_lost(self) -> bool:
        """Return whether a station or line is called lost, or still is after it came back: it explains a stop."""
        lost = (line for line in self._book.alarms.values() if line.key in ("STATION_OFFLINE", "LINE_LOST"))
        return any(line.state in STANDING for line in lost)

    def _unmeasured(self) -> frozenset[Tag]:
        listed = (tag for tag in self._book.alarms if tag.alarm.band is not None and tag not in self._measured)
        return frozenset(tag for tag in listed if self.subject(tag) is not None)

    def _rooms(self, control: "Control") -> Iterator[tuple[Tag, str]]:
        for number, place in enumerate(self._bench.shape.rooms, start=1):
            facts, fault = control.rooms.facts(place), control.rooms.fault(place)
            if fault:
                yield Tag("ROOM_BLOCKED", number), fault
            if control.rooms.is_left_standing(place):
                yield Tag("CAR_LEFT_STANDING", number), "nobody is with the car behind the open gate"
            if stuck := control.staging.stuck(place):
                yield Tag("CAR_NOT_PUT_BACK", number), stuck
            if control.rooms.overstayed(place):
                yield Tag("PERSON_INSIDE", number), "somebody stays inside"
            if facts is not None and not facts.person_sensor_ok:
                yield Tag("PERSON_SENSOR", number), "nobody can be excluded"

    def _jobs(self) -> Iterator[tuple[Tag, str]]:
        for job in self._book.open_jobs():
            if job.state is JobState.PARKED:
                yield Tag("JOB_PARKED", job.id), job.reason

    def _places(self) -> dict[Tag, str]:
        bays = [bay for bay in self._bench.shape.bays if self._book.places[bay].status is PlaceStatus.UNVERIFIED]
        if not bays:
            return {}
        more = f" and {len(bays) - BAYS_NAMED} more" if len(bays) > BAYS_NAMED else ""
        named = ", ".join(map(str, bays[:BAYS_NAMED]))
        return {Tag("PLACE_UNVERIFIED"): f"bay {named}{more}"}


def measured_beyond(measured: Mapping[Tag, float], book: Book) -> dict[Tag, str]:
    """Return which measured values stand for an alarm: within its dead-band the list itself says what was before."""
    found = {}
    for tag, value in measured.items():
        band, line = tag.alarm.band, book.alarms.get(tag)
        assert band is not None, f"{tag} is raised by no measured value"
        if band.stands(value, stood=line is not None and line.state in STANDING):
            found[tag] = band.said(value)
    return found


def _barred(control: "Control", explained: Collection[Tag]) -> dict[Tag, str]:
    """Return what keeps the carriage while nothing is done with it, unless an alarm tells of it already."""
    missing = control.bar_watch.look()
    if missing is None or EXPLAINED_BY.get(missing.name) in {tag.key for tag in explained}:
        return {}
    return {Tag("CARRIAGE_BARRED"): missing.text}


def _safety(word: Safety) -> dict[Tag, str]:
    found = {}
    for key in safety_keys(word):
        latched = key == "E_STOP" and Safety.E_STOP not in word
        found[Tag(key)] = "released, the device is not reset" if latched else "the safety chain is open"
    return found


def _axes(image: Image) -> dict[Tag, str]:
    """Return the axes in error while the chain is closed: an open one explains every axis."""
    if Safety.CHAIN_CLOSED not in image.safety:
        return {}
    return {
        Tag("AXIS_FAULT", number): f"the {name} stands in error"
        for number, name in enumerate(AXES, start=1)
        if image.mechanisms[name].state == State.ERROR_STOP
    }


def safety_keys(word: Safety) -> list[str]:
    """Return the alarms that a safety word stands for: one a cause, and one for a chain that names none."""
    latch = Safety.E_STOP | Safety.E_STOP_LATCHED
    if not word ^ Safety.CHAIN_CLOSED:
        return []
    keys = ["E_STOP"] if word & latch else []
    keys += [str(bit.name) for bit in Safety if bit & word and not bit & (latch | Safety.CHAIN_CLOSED)]
    if not keys and Safety.CHAIN_CLOSED not in word:
        return ["SAFETY"]
    return keys


def _station(at: int, station: Station, *, online: bool) -> dict[Tag, str]:
    image = station.last_image
    if not online or image is None:
        if station.state is StationState.FROZEN:
            return {}
        return {Tag("STATION_OFFLINE", at): station.trouble or standing(station).lower()}
    found: dict[Tag, str] = {}
    status = image.status
    if not int(status) & _OUT_OF_ORDER:
        return found
    if Status.MAINTENANCE_KEY in status:
        found[Tag("MAINTENANCE", at)] = "somebody works by the pendant"
    if Status.MEMORY_LOST in status:
        found[Tag("MEMORY_LOST", at)] = "it refuses all work"
    return found
