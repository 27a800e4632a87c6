"""What must hold whatever happens, judged from the plant's truth and the PLCs' logs, never from the daemon's belief.

The numbers are those of the project's reliability page; `sim_plc.rehearsal.promises` has each with its sentence, who
judges it, and why some are not judged yet. Here is what hears of everything, and judges exchanges and the inventory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.app import Daemon
from controller.domain.book import CARRIAGE, Book
from controller.domain.events import Arrive, Request, Retrieve, UnitCommand
from controller.domain.places import PlaceStatus
from controller.domain.restrictions import Restricted
from controller.domain.rooms import RoomState
from controller.domain.unit import UnitEvent, UnitState
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from hal.plcmap.shape import level_of
from sim_plc.plant.contacts import Wire
from sim_plc.plant.crimes import CrimeCode
from sim_plc.plant.truth import Truth
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.alarm_law import AlarmLaw
from sim_plc.rehearsal.appointment_law import AppointmentLaw
from sim_plc.rehearsal.intent_law import IntentLaw
from sim_plc.rehearsal.kept_law import KeptLaw
from sim_plc.rehearsal.latch_law import LatchLaw
from sim_plc.rehearsal.level_law import LevelLaw
from sim_plc.rehearsal.mailbox_law import MailboxLaw
from sim_plc.rehearsal.people_law import PeopleLaw
from sim_plc.rehearsal.promises import THE_TOWERS_OWN
from sim_plc.rehearsal.roll import Roll
from sim_plc.rehearsal.standby_law import StandbyLaw
from sim_plc.rehearsal.stop_law import StopLaw

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

SHUTTLE: Final = "tower/shuttle"

_KNOWN_S: Final = 1.0
"""A sensor that has been stuck for this long was so when the PLC looked: its filter is shorter."""

_PLACE_SENSORS: Final[tuple[Wire, ...]] = (("carriage", "place_occupied_a"), ("carriage", "place_occupied_b"))

NO_APPOINTMENT: Final = "NO_APPOINTMENT"

_RANGE_MM: Final = 60
"""How far a stop may carry the carriage past its end places."""

_TRANSFER_CRIMES: Final = frozenset(
    {
        CrimeCode.ARMS_INTO_CAR,
        CrimeCode.RAISED_HALF_ON,
        CrimeCode.RAISED_LOADED,
        CrimeCode.LOWERED_ONTO_CAR,
        CrimeCode.LOWERED_HALF_OUT,
        CrimeCode.LOWERED_INSIDE,
    }
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant broken at one instant."""

    t: float
    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant} at {self.t:.2f} s: {self.text}"


class Inspector:
    """A `sim_plc.rehearsal.witness.Witness` that judges a run."""

    def __init__(self, world: "World") -> None:
        self.violations: list[Violation] = []
        self.law = MailboxLaw(world.foreign)
        self.restarts_checked = 0
        """How often the inventory was compared with the truth behind a reconciliation."""
        self.troubles = 0
        """How many faults strike in this run, and how many people stay inside for minutes."""
        self._world = world
        self._crimes = 0
        self._stuck_s: dict[Wire, float] = {}
        """Since when each of the sensors that look at the place before the carriage is stuck."""
        self._roll = Roll(self.accuse)
        self._latches = LatchLaw(world, self.accuse)
        self._stops = StopLaw(world, self.accuse)
        self._standby = StandbyLaw(world.tower.generator.simultaneous_axes)
        self._levels = LevelLaw(world, self.accuse)
        self._appointments = AppointmentLaw(world, self.accuse)
        self._kept = KeptLaw(world, self.accuse)
        self._people = PeopleLaw(world, self.accuse)
        self._alarms = AlarmLaw(world, self.accuse)
        self._intents = IntentLaw(world, self.accuse)
        heights = [pose.height_mm for pose in world.tower.shape.poses.values()]
        self._range = (min(heights) - _RANGE_MM, max(heights) + _RANGE_MM)
        world.witnesses.append(self)

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Judge a line of a station's log."""
        for invariant, text in self.law.take(station, entry):
            self.accuse(invariant, text)
        if entry.event is Event.STARTED and entry.mechanism == "latches":
            self._latches.begins(station)
        if entry.content is None or (station, entry.mechanism, entry.sequence, entry.content) in self._world.foreign:
            # What another host has written the daemon cannot answer for; the PLC's interlocks do.
            return
        if entry.event is Event.ACCEPTED:
            self._intents.accepted(station, entry)
        if entry.event is Event.STARTED:
            self._judge_power((station, entry.mechanism), entry.content)
            self._levels.begins(station, entry.mechanism, entry.content)
        if entry.event is Event.STARTED and station == "tower":
            self._judge_start(entry.mechanism, entry.content)

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Take notice."""
        self._latches.power_up(station)
        self._alarms.lose_sight()
        if not warm:
            self.law.forget(station)
        if station == "tower":
            self.law.power_up()
            self._stops.power_up()

    def on_forgotten(self, station: str) -> None:
        """Take notice."""
        self._alarms.lose_sight()
        self.law.forget(station)

    def on_plant(self) -> None:
        """Judge the plant."""
        plant = self._world.plant
        for crime in plant.crimes[self._crimes :]:
            if not self._latches.bears(crime):
                self.accuse("I4" if crime.code in _TRANSFER_CRIMES else "I3", f"{crime.text} ({crime.t:.3f} s)")
        self._crimes = len(plant.crimes)
        truth = plant.truth()
        self._latches.look(truth)
        self._roll.call(truth)
        self._stops.look(truth)
        self._people.look(truth.persons)
        self._levels.look(truth)
        self._judge_axes(truth)
        self._alarms.look(truth)
        self._look_at_sensors()
        if truth.maintenance_key:
            self.law.unhome()
        if not self._range[0] <= truth.carriage.lift.position <= self._range[1]:
            self.accuse("I5", f"the lift is at {truth.carriage.lift.position:.0f} mm")

    def on_told(self, event: Mapping[str, object]) -> None:
        """Compare inventory and truth wherever the daemon has just made sure of it; judge alarms and rooms."""
        self._standby.told(event, self._world.now)
        self._levels.told(event)
        self._appointments.told(event)
        self._kept.told(event)
        match event["event"]:
            case "alarm" | "alarm_state":
                self._alarms.told(event)
            case "station":
                self._alarms.lose_sight()
            case "room_state":
                self._people.enters(int(str(event["room"])), str(event["state"]))
        if event["event"] == "unit_state" and event["state"] == UnitState.ABORTED.name:
            self._stops.aborted()
        made_sure = event["event"] == "unit_state" and event["state"] in {"STOPPED", "IDLE", "EXECUTE"}
        ended = event["event"] == "job_state" and event["state"] in {"DONE", "CANCELLED", "DIVERTED"}
        # One that was only queued has moved nothing, and was looked at by nobody.
        if made_sure or (ended and event["was"] != "QUEUED"):
            self.judge_inventory()

    def on_asked(self, request: Request) -> None:
        """Take notice of a person's request."""
        if isinstance(request, UnitCommand) and request.event is UnitEvent.RESET:
            self._stops.asked_reset()
        self._alarms.asked(request)
        self._appointments.asked(request)
        self._kept.asked(request)
        self._levels.asked(request)

    def on_refused(self, request: Request, rule: str) -> None:
        """Judge whether somebody was kept from their car by anything but the tower itself."""
        daemon = self._world.daemon
        self._appointments.refused(request, rule)
        self._kept.refused(request, rule)
        self._levels.refused(request, rule)
        own = THE_TOWERS_OWN | {NO_APPOINTMENT} if isinstance(request, Arrive) else THE_TOWERS_OWN
        if isinstance(request, Retrieve | Arrive) and rule not in own:
            text = f"car {request.car} was refused by {rule}, which is not of the tower"
            self.accuse("I22", text)
        elif isinstance(request, Retrieve) and daemon is not None and self._is_ready(daemon, request):
            self.accuse("I22", f"car {request.car} stands ready in a verified bay and was refused by {rule}")

    def on_died(self, why: str) -> None:
        """No daemon may end by itself."""
        self.accuse("DIED", why)

    def lose_the_past(self, book: Book | None) -> None:
        """Expect no alarm of before any more: the journal that held them was harmed, or is another one.

        ``book``: of the daemon that wrote it last; None: none has since the last time.
        """
        self._alarms.lose_the_past()
        self._levels.lose_the_past()
        self._kept.lose_the_past()
        self._intents.lose_the_past(book)

    def judge_inventory(self) -> None:
        """Compare what the daemon calls verified with the truth."""
        daemon = self._world.daemon
        if daemon is None or not daemon.control.unit.reconciled:
            return
        self.restarts_checked += 1
        bays, at = self._world.tower.shape.bays, self._world.cabinets.exchange_at
        for text in differences(daemon.book, self._world.plant.truth(), bays, exchange_at=at):
            self.accuse("I13", text)

    def judge_end(self) -> None:
        """Judge what must hold when all has come to rest."""
        self.on_plant()
        self._alarms.judge_end(self.troubles)
        if self._world.daemon is not None:
            self._appointments.judge_end(self._world.daemon.book)
        self.judge_inventory()
        for box in self.law.owed():
            self.accuse("I6", f"{box} owes an outcome")

    def _judge_power(self, box: tuple[str, str], content: Content) -> None:
        book = None if self._world.daemon is None else self._world.daemon.book
        for text in self._standby.begins(box, content, self.law.running, book, self._world.now):
            self.accuse("I6", text)

    def _judge_axes(self, truth: Truth) -> None:
        world = self._world
        book = None if world.daemon is None or world.foreign or world.has_rivals else world.daemon.book
        for text in self._standby.look(truth, book, world.now):
            self.accuse("I6", text)

    def _judge_start(self, mechanism: str, content: Content) -> None:
        self._stops.begins(mechanism, content)
        self._people.begins(mechanism, content)
        self._appointments.begins(mechanism, content)
        self._kept.begins(mechanism, content)
        if mechanism == "shuttle" and content.opcode in {Opcode.PICK, Opcode.PLACE}:
            self._judge_exchange(Opcode(content.opcode), content.argument1)

    def _judge_exchange(self, opcode: Opcode, place: int) -> None:
        """Judge that source and target are as an exchange needs them, in truth and in the daemon's book."""
        truth = self._world.plant.truth()
        picking = opcode is Opcode.PICK
        if truth.carriage.docked != place:
            self.accuse("I4", f"{opcode.name} at {place}, the carriage is docked at {truth.carriage.docked}")
        if (place in truth.cars) is not picking or (truth.carriage.car is None) is not picking:
            held, carried = truth.cars.get(place), truth.carriage.car
            self.accuse("I4", f"{opcode.name} at {place}: it holds {held}, the carriage {carried}")
        for wire, since_s in self._stuck_s.items():
            stuck = self._world.plant.overrides.get(wire)
            if stuck is not picking and self._world.now - since_s > _KNOWN_S:
                self.accuse("I4", f"{opcode.name} at {place}: {wire[1]} is stuck at {stuck} since {since_s:.2f} s")
        daemon = self._world.daemon
        status = daemon.book.places[place].status if daemon else None
        if status in (PlaceStatus.UNVERIFIED, PlaceStatus.BLOCKED):
            self.accuse("I14", f"{opcode.name} at {place}, which is {status}")
        if daemon is not None and place not in self._world.tower.shape.rooms:
            block = daemon.book.restrictions.get((Restricted.LEVEL, level_of(place)))
            if block is not None:
                self.accuse("I14", f"{opcode.name} at {place}: {block}")

    def _look_at_sensors(self) -> None:
        """Note since when what an exchange must see on two sensors is seen by one alone."""
        if not self._world.plant.overrides:
            self._stuck_s.clear()
            return
        stuck = {wire for wire in _PLACE_SENSORS if wire in self._world.plant.overrides}
        self._stuck_s = {wire: self._stuck_s.get(wire, self._world.now) for wire in stuck}

    def _is_ready(self, daemon: Daemon, request: Retrieve) -> bool:
        """Tell whether nothing at the tower keeps a car from being fetched."""
        book, unit = daemon.book, daemon.control.unit
        where, rooms = book.where(request.car), self._world.tower.shape.rooms
        meant = rooms if request.room is None else (request.room,)
        return (
            request.due is None
            and unit.state is UnitState.EXECUTE
            and not daemon.journal.failed
            and where in self._world.tower.shape.bays
            and book.places[where].status is PlaceStatus.OCCUPIED
            and (Restricted.LEVEL, level_of(where)) not in book.restrictions
            and not any((Restricted.ROOM, room) in book.restrictions for room in meant)
            and ((Restricted.GENERATOR, 0) not in book.restrictions or "retrieve" in self._world.tower.generator.jobs)
            and book.job_of_car(request.car) is None
            and book.appointment_of_car(request.car) is None
            and set(meant) <= set(rooms)
            and all(daemon.control.rooms.state(room) is not RoomState.OUT_OF_SERVICE for room in meant)
        )

    def accuse(self, invariant: str, text: str) -> None:
        """Record that an invariant is broken."""
        self.violations.append(Violation(self._world.now, invariant, text))


def differences(book: Book, truth: Truth, bays: tuple[int, ...], *, exchange_at: int = 0) -> Iterator[str]:
    """Yield every bay that is called verified and is not so, and the carriage.

    An exchange under way, one that was cut and goes on (``exchange_at``: its place, as the PLC keeps it), and one whose
    outcome is not settled yet, claim nothing of the two places that they are about.
    """
    cut = exchange_at != 0 and exchange_at == truth.carriage.docked
    exchanging = cut or not truth.carriage.arms_centred or any(name == SHUTTLE for name, _ in book.intents)
    for number in (*bays, CARRIAGE):
        if exchanging and number in (CARRIAGE, truth.carriage.docked):
            continue
        place, car = book.places[number], truth.carriage.car if number == CARRIAGE else truth.cars.get(number)
        if place.status is PlaceStatus.FREE and car is not None:
            yield f"place {number} is called free and holds {car}"
        if place.status is PlaceStatus.OCCUPIED and car != place.car:
            yield f"place {number} is said to hold {place.car} and holds {car}"
