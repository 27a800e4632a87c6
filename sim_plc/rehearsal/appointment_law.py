"""Appointments: none is lost or ends by itself, no car has two, and a car that is kept is handed to nobody else.

Judged from what people asked and were answered against the book of each daemon that begins, what is told, and the
gates that the PLCs open (I7, I10, I12, I22). What nobody answered may have been granted: it excuses.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.app import Daemon
from controller.domain.appointments import AppointmentState
from controller.domain.book import Book
from controller.domain.events import Arrive, Cancel, OnTheWay, Request, Retrieve, Store
from controller.store.errors import JournalDamaged
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from sim_plc.rehearsal.promises import UNKNOWN
from sim_plc.rehearsal.roll import Accuse

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

SEEN_S: Final = 1.0
"""An appointment that ended so long ago had ended when somebody asked who is answered now."""

_BOOKED: Final = AppointmentState.BOOKED.value


@dataclass(slots=True)
class _Confirmed:
    """What somebody was promised."""

    car: str
    due: float
    at_s: float
    """When, in virtual time; behind a word that its customer is on the way, when that was answered."""
    expected: float | None = None
    """When they were told that the car is wanted, if they said so."""
    came: int = 0
    """How often somebody said that they have come, as far as that may have been granted."""
    called_off: bool = False


class AppointmentLaw:
    """Keeps what was confirmed; a `sim_plc.rehearsal.durability.LifeWitness`."""

    def __init__(self, world: "World", accuse: Accuse) -> None:
        self._world = world
        self._accuse = accuse
        self._confirmed: dict[int, _Confirmed] = {}
        self._wanted: Counter[str] = Counter()
        """How often each car was asked for by somebody who was there, or brought, since it was booked in its bay."""
        self._ended_s: dict[int, float] = {}
        """When the end of each appointment was told first."""
        self._failed: Daemon | None = None
        """The last one that somebody heard of a failed disk from."""
        world.life_witnesses.append(self)

    def on_begun(self, daemon: Daemon) -> None:
        """Judge that each appointment stands that no daemon before has seen the end of."""
        for number, each in tuple(self._confirmed.items()):
            kept = daemon.book.appointments.get(number)
            if kept is None:
                self._judge_gone(number, self._newest(daemon, number))
            elif (kept.car, kept.due) != (each.car, each.due):
                self._accuse("I12", f"appointment {number} was for {each.car} and is for {kept.car}")
            elif each.expected is not None and kept.expected is None:
                self._accuse("I12", f"nobody knows that the customer of appointment {number} is on the way")

    def on_answered(self, request: Request, answer: Mapping[str, object]) -> None:
        """Take what was promised."""
        daemon = self._world.daemon
        if isinstance(request, OnTheWay):
            each = self._confirmed.get(int(str(answer["appointment"])))
            if each is not None:
                each.expected, each.at_s = float(str(answer["expected"])), self._world.now
            return
        if not isinstance(request, Retrieve) or request.due is None or daemon is None:
            return
        number = answer["appointment"]
        assert isinstance(number, int)
        book, car = daemon.book, request.car
        standing = [each.id for each in book.appointments.values() if each.car == car and each.state.value == _BOOKED]
        if len(standing) > 1:
            self._accuse("I10", f"car {car} has the appointments {standing}")
        self._confirmed[number] = _Confirmed(car, request.due, self._world.now)
        if book.where(car) in self._world.tower.shape.bays and book.job_of_car(car) is None:
            del self._wanted[car]

    def on_ending(self, free: Callable[[], bool]) -> None:
        """Nothing: an end is no end of an appointment."""

    def on_stopped(self, took_s: float) -> None:
        """Nothing."""

    def on_spoilt(self, *, whole: bool) -> None:
        """Expect nothing of what was promised before."""
        del whole
        self._confirmed.clear()

    def asked(self, request: Request) -> None:
        """Take what may be granted."""
        match request:
            case Arrive(car=car):
                self._wanted[car] += 1
                for each in self._of(car):
                    each.came += 1
            case Cancel(job=number) if number in self._confirmed:
                self._confirmed[number].called_off = True
            case Retrieve(car=car, due=None) | Store(car=car):
                self._wanted[car] += 1

    def refused(self, request: Request, rule: str) -> None:
        """Take what was not granted; judge whoever has an appointment and is told that they have none."""
        if rule == UNKNOWN and self._may_be_kept():
            return
        match request:
            case Arrive(car=car):
                self._wanted[car] -= 1
                for each in self._of(car):
                    each.came -= 1
                self._judge_turned_away(car, rule)
            case Retrieve(car=car, due=None, room=room):
                self._wanted[car] -= 1
                if room is None and rule in ("CAR_BOOKED", "CAR_LEFT_OVER"):
                    self._judge_left(car)
            case Store(car=car):
                self._wanted[car] -= 1

    def begins(self, mechanism: str, content: Content) -> None:
        """Judge a gate that opens."""
        name, _, part = mechanism.partition(".")
        if part != "outer_gate" or content.opcode != Opcode.OPEN:
            return
        room = self._world.tower.shape.rooms[int(name.removeprefix("room")) - 1]
        car = self._world.plant.truth().cars.get(room)
        if car is None or self._wanted[car] > 0:
            return
        for each in self._of(car):
            if not each.came and not each.called_off:
                self._accuse("I7", f"the gate of {room} opens before {car}, whose customer has not come")

    def told(self, event: Mapping[str, object]) -> None:
        """Judge the end of an appointment."""
        if event["event"] == "appointment" and event["state"] != _BOOKED:
            number = int(str(event["appointment"]))
            self._ended_s.setdefault(number, self._world.now)
            self._judge_gone(number, str(event["state"]))

    def judge_end(self, book: Book) -> None:
        """Judge that everything stands that has not ended."""
        for number, each in self._confirmed.items():
            if number not in book.appointments and not (each.came or each.called_off or self._may_lapse(each)):
                self._accuse("I12", f"appointment {number} for {each.car} was confirmed and is gone")

    def _may_be_kept(self) -> bool:
        """Tell whether it is the first of its daemon: what is asked behind that is not tried."""
        first = self._world.daemon is not self._failed
        self._failed = self._world.daemon
        return first

    def _of(self, car: str) -> list[_Confirmed]:
        return [each for each in self._confirmed.values() if each.car == car]

    def _newest(self, daemon: Daemon, number: int) -> str:
        """Return the state of an appointment by the whole journal; empty: it is not there.

        A start makes a snapshot if much lies behind the last one: what is behind that alone need not name the end.
        """
        try:
            kept = daemon.journal.read(after=0)
            entries = [entry.body["appointment"] for entry in kept if entry.kind == "AppointmentSet"]
        except JournalDamaged:
            return ""
        states = [str(body["state"]) for body in entries if isinstance(body, Mapping) and body["id"] == number]
        return states[-1] if states else ""

    def _judge_gone(self, number: int, state: str) -> None:
        """Judge what an appointment has ended in."""
        each = self._confirmed.pop(number, None)
        if each is None:
            return
        match state:
            case AppointmentState.MET.value:
                right = each.came > 0
            case AppointmentState.CANCELLED.value:
                right = each.called_off
            case AppointmentState.LAPSED.value:
                right = self._may_lapse(each)
            case _:
                right = False
        if not right:
            self._accuse("I12", f"appointment {number} for {each.car} is {state or 'gone'}, and nobody has ended it")

    def _may_lapse(self, each: _Confirmed) -> bool:
        """Tell whether the grace can be over: of a clock that was set only that it took as long can be told."""
        clock = self._world.computer.clock
        from_ = each.due if each.expected is None else max(each.due, each.expected)
        over_s = self._world.now - each.at_s if clock.was_touched else clock() - from_
        return over_s >= self._world.tower.timing.appointment_grace_s

    def _judge_turned_away(self, car: str, rule: str) -> None:
        daemon = self._world.daemon
        standing = None if daemon is None else daemon.book.appointment_of_car(car)
        if rule == "NO_APPOINTMENT" and standing is not None and standing.state is AppointmentState.BOOKED:
            self._accuse("I22", f"who has appointment {standing.id} for {car} was told that they have none")
        elif rule == "NO_APPOINTMENT":
            self._judge_left(car)

    def _judge_left(self, car: str) -> None:
        """Judge whether a car that stands in a room, though its appointment has ended, was kept from who asked for it.

        Whether it had ended before they asked is not seen of one that has ended just now.
        """
        daemon, rooms = self._world.daemon, self._world.tower.shape.rooms
        left = None if daemon is None else daemon.book.appointment_of_car(car)
        if daemon is None or left is None or not left.back or daemon.book.where(car) not in rooms:
            return
        if self._world.now - self._ended_s.get(left.id, self._world.now) >= SEEN_S:
            self._accuse("I22", f"{car} stands in a room behind the end of appointment {left.id}, and nobody gets it")
