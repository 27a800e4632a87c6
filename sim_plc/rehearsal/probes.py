"""Counts the rare paths of a run (`sim_plc.rehearsal.rare_paths`), as the daemon, the PLCs and the plant show them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from controller.app import Daemon
from controller.domain.book import Book, Intent
from controller.domain.events import Request
from controller.domain.jobs import TERMINAL, Job, JobKind, JobState
from controller.domain.places import PlaceStatus
from controller.domain.restrictions import Restricted
from controller.domain.rooms import RoomState
from hal.plcmap.codes import Opcode, Reason, Result
from hal.plcmap.shape import level_of
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.rare_paths import PROBES

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

_AGAIN: Final = MappingProxyType({"RESUME": "exchange resumed", "UNDO": "exchange undone"})

_CUT: Final = MappingProxyType(
    {
        Result.STOPPED: "stopped on request",
        Result.STOPPED_SILENCE: "stopped by silence",
        Result.STOPPED_SAFETY: "stopped by a trip",
        Result.STOPPED_RESTART: "stopped by a restart",
        Result.FAULT: "mechanism fault",
        Result.REFUSED: "refused by an interlock",
    }
)

_JOB: Final = MappingProxyType(
    {
        ("", "PARKED"): "parked",
        ("PARKED", "RESUMED"): "continued",
        ("PARKED", "UNDONE"): "put back",
        ("OPENING", "UNDONE"): "turned back",
        ("POSITIONING_TO", "WAITING"): "waited for its room",
        ("WAITING", "OPENING_TO"): "went in behind its wait",
        ("WAITING", "POSITIONING_TO"): "sent elsewhere",
        ("CONFIRMING", "QUEUED"): "queued again",
        ("", "CLOSED_BY_HAND"): "closed by hand",
        ("", "DIVERTED"): "diverted",
        ("", "INTERRUPTED"): "put aside",
        ("", "UNKNOWN"): "unknown",
    }
)
"""By the state that a job leaves (empty: any) and the one that it enters."""

_REFUSED: Final = MappingProxyType(
    {
        ("Retrieve", "SLOT_FULL"): "slot full",
        ("Arrive", "NO_APPOINTMENT"): "came twice",
        ("OnTheWay", "EXPECTED_TOO_LATE"): "on the way too late",
        ("BlockLevel", "LEVEL_IN_USE"): "level counted on",
    }
)
"""By request and the rule that forbids it."""

_ENDS: Final = MappingProxyType(
    {"BOOKED": "booked", "LAPSED": "appointment lapsed", "CANCELLED": "appointment called off"}
)
"""By the state of an appointment."""

_STEPS: Final = frozenset(
    {"POSITIONING", "OPENING", "PICKING", "CLOSING", "POSITIONING_TO", "WAITING", "OPENING_TO", "PLACING"}
)

_SHOWING: Final = MappingProxyType(
    {"SHELVED": "alarm shelved", "SUPPRESSED": "alarm suppressed", "OUT_OF_SERVICE": "alarm out of service"}
)

_TELLS: Final = MappingProxyType({"PERSON_INSIDE": "somebody stays", "CARRIAGE_BARRED": "carriage barred"})
"""By an alarm that comes."""

_SERVES_NOBODY: Final = frozenset({RoomState.VACANT, RoomState.BLOCKED, RoomState.OUT_OF_SERVICE, RoomState.UNKNOWN})


class Probes:
    """A `sim_plc.rehearsal.witness.Witness` that counts what is reached."""

    def __init__(self, world: "World") -> None:
        self.reached: Counter[str] = Counter()
        self._world = world
        self._tripped = False
        self._stale: set[str] = set()
        self._online: set[str] = set()
        """Stations that this daemon has had online."""
        self._shelved: set[str] = set()
        self._places: dict[int, PlaceStatus] = {}
        self._daemon: Daemon | None = None
        self._boxes: dict[str, tuple[int, str]] = {}
        """By mechanism with its station: the newest number, and what became of it."""
        self._restarted: dict[str, str] = {}
        """Stations that have restarted since a daemon began to serve, and how."""
        world.witnesses.append(self)

    def reach(self, name: str) -> None:
        """Count something."""
        assert name in PROBES, name
        self.reached[name] += 1

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Take a line of a PLC's log."""
        self._boxes[f"{station}/{entry.mechanism}"] = (entry.sequence, entry.event.name)
        if entry.event is Event.STARTED and entry.content is not None and entry.mechanism == "shuttle":
            again = _AGAIN.get(Opcode(entry.content.opcode).name)
            if again:
                self.reach(again)
        if entry.event is Event.OUTCOME and entry.result in _CUT:
            self.reach(_CUT[entry.result])
            if entry.reason is Reason.OBSTRUCTED and entry.mechanism.endswith("outer_gate"):
                self.reach("gate obstructed")

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Take a restart of a PLC."""
        self._restarted[station] = "found behind a restart" if warm else "found behind lost memory"
        if not warm:
            self.reach("memory lost")
        if station == "tower" and not self._world.plant.truth().carriage.arms_centred:
            self.reach("half way")

    def on_forgotten(self, station: str) -> None:
        """Take a reset at the cabinet, which gives a station its work back."""
        self._restarted.setdefault(station, "found behind lost memory")
        self.reach("local reset")

    def on_asked(self, request: Request) -> None:
        """Nothing: what comes of it is told."""

    def on_refused(self, request: Request, rule: str) -> None:
        """Take what is refused."""
        name = _REFUSED.get((type(request).__name__, rule))
        if name is not None:
            self.reach(name)

    def on_died(self, why: str) -> None:
        """Nothing: that is no path that may be taken."""

    def on_plant(self) -> None:
        """Look how the machine stood when the chain opened."""
        if self._world.plant.tower_image.safety.chain_closed:
            self._tripped = False
        elif not self._tripped:
            self._tripped = True
            carriage = self._world.plant.truth().carriage
            if carriage.car is not None:
                self.reach("tripped with a car aboard")
            if not carriage.arms_centred:
                self.reach("tripped with arms out")
            if carriage.lift.moving or carriage.turntable.moving:
                self.reach("tripped under way")

    def on_told(self, event: Mapping[str, object]) -> None:
        """Take what the daemon tells."""
        daemon = self._world.daemon
        if daemon is not None and daemon is not self._daemon:
            self._starts(daemon)
        for name in self._of(event):
            self.reach(name)
        if daemon is not None:
            self._look_at_places(daemon.book)

    def _of(self, event: Mapping[str, object]) -> Iterator[str]:
        match event["event"]:
            case "job_state":
                yield from self._job(str(event["was"]), str(event["state"]), str(event["reason"]))
                if event["state"] == "DONE":
                    yield from self._of_an_appointment(event["job"])
            case "unit_state":
                yield from _unit(str(event["was"]), str(event["state"]))
            case "room_state" | "room_taken_back":
                yield from _room(event)
            case "station":
                yield from self._station(str(event["name"]), str(event["state"]))
            case "alarm" | "alarm_state":
                yield from self._alarm(event)
            case "appointment":
                yield self._appointment(event)
            case "restriction" if event["on"] and self._world.daemon is not None:
                yield from _restricted(self._world.daemon, str(event["kind"]), int(str(event["number"])))
            case "audit":
                yield "audit agreed" if event["finding"] == "agreed" else "audit differed"

    def _job(self, was: str, state: str, reason: str) -> Iterator[str]:
        yield from (_JOB[key] for key in ((was, state), ("", state)) if key in _JOB)
        if was == "UNKNOWN" and state in _STEPS:
            yield "found again"
        if state == "CANCELLED" and "drove a car in" in reason:
            yield "nobody came"
        if state == "QUEUED" and self._world.daemon is not None:
            jobs = self._world.daemon.book.open_jobs()
            rooms = Counter(job.room for job in jobs if job.room is not None)
            if any(count > 1 for count in rooms.values()):
                yield "two for one room"
        if state == "DONE" and self._world.daemon is not None and _somebody_waits(self._world.daemon):
            yield "room waits for its customer"
        if state == "CANCELLED" and "gives way" in reason:
            yield "gave way"

    def _of_an_appointment(self, number: object) -> Iterator[str]:
        daemon = self._world.daemon
        job = daemon.book.jobs.get(int(str(number))) if daemon is not None else None
        if job is not None and job.requested_by.startswith("appointment"):
            yield "brought ahead"
            appointment = None if daemon is None else daemon.book.appointment_of_car(job.car)
            if appointment is not None and appointment.expected is not None:
                yield "brought for who is on the way"
        if job is not None and job.puts_back:
            yield "kept car put back"

    def _appointment(self, event: Mapping[str, object]) -> str:
        if event["state"] == "BOOKED" and event["expected"] is not None:
            return "on the way"
        if event["state"] == "MET" and event["reason"]:
            return "handed over behind its end"
        return _ENDS.get(str(event["state"])) or self._met(event["job"])

    def _met(self, number: object) -> str:
        """Tell where the car of a customer is who has just come."""
        daemon = self._world.daemon
        job = daemon.book.jobs.get(int(str(number))) if daemon is not None and number is not None else None
        if job is None or job.state in TERMINAL:
            return "kept car handed over"
        return "came on its way" if job.requested_by.startswith("appointment") else "came before its car"

    def _station(self, name: str, state: str) -> Iterator[str]:
        if state == "STALE":
            self._stale.add(name)
        if state == "FENCING" and name in self._online:
            yield "fenced anew"
        if state == "ONLINE":
            self._online.add(name)
            if name in self._stale:
                self._stale.discard(name)
                yield "stale and back"

    def _alarm(self, event: Mapping[str, object]) -> Iterator[str]:
        number, state, by = str(event["number"]), str(event["state"]), str(event["by"])
        if state in _SHOWING:
            yield _SHOWING[state]
        if state == "SHELVED":
            self._shelved.add(number)
        elif number in self._shelved:
            self._shelved.discard(number)
            if not by:
                yield "shelf over"
        if state == "ACKNOWLEDGED":
            yield "alarm seen"
        if state == "RETURNED_UNACKNOWLEDGED":
            yield "alarm went unseen"
        if event["event"] == "alarm" and event["active"] and event["code"] in _TELLS:
            yield _TELLS[str(event["code"])]

    def _look_at_places(self, book: Book) -> None:
        for bay in self._world.tower.shape.bays:
            status, before = book.places[bay].status, self._places.get(bay)
            if status is not before:
                self._places[bay] = status
                for name in _place(before, status):
                    self.reach(name)

    def _starts(self, daemon: Daemon) -> None:
        """Take that another daemon serves: what the last one left open is found as the PLCs have it."""
        if self._daemon is not None:
            for intent in self._daemon.book.intents.values():
                self.reach(self._fate(intent))
            if any(job.due is not None and _is_met(self._daemon.book, job) for job in self._daemon.book.open_jobs()):
                self.reach("ended before the gate")
        self._daemon = daemon
        self._online.clear()
        self._restarted.clear()

    def _fate(self, intent: Intent) -> str:
        mechanism, sequence = intent.planned.mechanism, intent.planned.sequence
        restarted = self._restarted.get(mechanism.split("/")[0])
        if restarted is not None:
            return restarted
        newest, what = self._boxes.get(mechanism, (0, ""))
        if newest != sequence:
            return "found undelivered"
        return "found finished" if what == "OUTCOME" else "found running"


def _unit(was: str, state: str) -> Iterator[str]:
    if state == "HELD":
        yield "held"
    if state == "ABORTED":
        yield "aborted"
    if (was, state) == ("EXECUTE", "STOPPING"):
        yield "stopped in execute"


def _room(event: Mapping[str, object]) -> Iterator[str]:
    if event["event"] == "room_taken_back":
        yield "room taken back"
        return
    if event["state"] == "BLOCKED":
        yield "room blocked"
    if event["was"] == "BLOCKED":
        yield "room released"
    if event["state"] == "REFUSED":
        yield "car refused"


def _place(before: PlaceStatus | None, status: PlaceStatus) -> Iterator[str]:
    known = (PlaceStatus.FREE, PlaceStatus.OCCUPIED)
    if before in known and status is PlaceStatus.UNVERIFIED:
        yield "place unverified"
    if before is PlaceStatus.UNVERIFIED and status in known:
        yield "place verified again"
    if status is PlaceStatus.BLOCKED and before is not None:
        yield "place locked"
    if before is PlaceStatus.BLOCKED:
        yield "place given back"


def _is_met(book: Book, job: Job) -> bool:
    """Tell whether the customer of a car that is fetched for an appointment has come."""
    return job.kind is JobKind.RETRIEVE and book.appointment_of_car(job.car) is None


def _restricted(daemon: Daemon, kind: str, number: int) -> Iterator[str]:
    """Yield beside what the tower was kept from something."""
    jobs, at_work = daemon.book.open_jobs(), daemon.control.jobs.working is not None
    if kind == Restricted.LEVEL.value and any(
        job.source is not None and job.state is JobState.QUEUED and level_of(job.source) == number for job in jobs
    ):
        yield "level blocked before a job"
    if kind == Restricted.ROOM.value and daemon.control.rooms.state(number) not in _SERVES_NOBODY:
        yield "room taken out in use"
    if kind == Restricted.GENERATOR.value and at_work:
        yield "generator beside a motion"


def _somebody_waits(daemon: Daemon) -> bool:
    """Tell whether a job is kept back by a room that serves somebody else."""
    return any(
        job.state is JobState.QUEUED and job.room is not None and daemon.control.rooms.state(job.room).name != "VACANT"
        for job in daemon.book.open_jobs()
    )
