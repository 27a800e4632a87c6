"""Kept cars: one that nobody came for is let out to nobody, and nobody is invited in its place (I7).

`appointment_law` judges gates while an appointment stands; this one what becomes of its car behind that, and of its way
back. Judged from what is told and asked against what the PLCs begin. Where the book is in doubt about the car, or
somebody is seen beside it, a person has to be let at it: that excuses.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from controller.domain.appointments import AppointmentState
from controller.domain.book import Book
from controller.domain.events import Arrive, Request, Retrieve, Store
from controller.domain.jobs import JobKind, JobState
from controller.domain.places import Place, PlaceStatus
from hal.plcmap.codes import Opcode, Signal
from hal.plcmap.frame import Content
from sim_plc.rehearsal.promises import UNKNOWN
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

_NOBODY_CAME: Final = frozenset({AppointmentState.LAPSED.value, AppointmentState.CANCELLED.value})


class KeptLaw:
    """Keeps which booked cars are nobody's, and which ones a driver brings."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._left: set[str] = set()
        """Cars that were still to be put back when their appointment ended, as nobody came."""
        self._wanted: Counter[str] = Counter()
        """How often each of them was asked for since, as far as that may have been granted."""
        self._inside: set[str] = set()
        """Cars that stood inside, moved by nobody, when something was told of their appointment."""

    def lose_the_past(self) -> None:
        """Expect nothing of what was told before."""
        self._left.clear()
        self._wanted.clear()
        self._inside.clear()

    def told(self, event: Mapping[str, object]) -> None:
        """Take what becomes of an appointment."""
        daemon = self._world.daemon
        if event["event"] != "appointment" or daemon is None:
            return
        car = str(event["car"])
        del self._wanted[car]
        if event["state"] in _NOBODY_CAME and event["appointment"] in daemon.book.appointments:
            self._left.add(car)
        else:
            self._left.discard(car)
        if daemon.book.where(car) is not None and daemon.book.job_of_car(car) is None:
            self._inside.add(car)

    def asked(self, request: Request) -> None:
        """Take what may be granted."""
        match request:
            case Arrive(car=car) | Retrieve(car=car, due=None) | Store(car=car):
                self._wanted[car] += 1
                if isinstance(request, Store):
                    self._inside.discard(car)

    def refused(self, request: Request, rule: str) -> None:
        """Take what was not granted."""
        match request:
            case Arrive(car=car) | Retrieve(car=car, due=None) | Store(car=car):
                self._wanted[car] -= rule != UNKNOWN

    def begins(self, mechanism: str, content: Content) -> None:
        """Judge a gate that opens, and a sign that invites."""
        name, _, part = mechanism.partition(".")
        daemon = self._world.daemon
        if daemon is None or part not in ("outer_gate", "signal"):
            return
        room = self._world.tower.shape.rooms[int(name.removeprefix("room")) - 1]
        if part == "outer_gate" and content.opcode == Opcode.OPEN:
            self._judge_gate(room, daemon.book.places[room])
        if part == "signal" and content.argument1 == Signal.DRIVE_IN:
            self._judge_invitation(room, daemon.book)

    def _judge_gate(self, room: int, believed: Place) -> None:
        seen = self._world.plant.truth()
        car = seen.cars.get(room, "")
        known = believed.status is PlaceStatus.OCCUPIED and believed.car == car
        beside = seen.persons.get(room) or self._world.plant.overrides.get(("room", room, "person"))
        if car in self._left and not self._wanted[car] and known and not beside:
            self._accuse("I7", f"the gate of {room} opens before {car}, and nobody has come for it")

    def _judge_invitation(self, room: int, book: Book) -> None:
        """Judge whom a room invites; one that was called off this instant invites nobody."""
        awaited = [
            job.car
            for job in book.open_jobs()
            if job.kind is JobKind.STORE and job.room == room and job.state is JobState.QUEUED
        ]
        if awaited and set(awaited) <= self._inside:
            self._accuse("I7", f"room {room} invites a driver with {awaited}, which nobody has asked to store")
