"""What must hold whatever happens, judged from the plant's truth and the PLCs' logs, never from the daemon's belief.

The numbers are those of the project's reliability page: I1 and I2 (no car is lost, doubled or moved without a way),
I3 to I5 (no motion that the plant calls a crime; axes homed and in range), I6 (each number once, one motion a
zone), I13 (what the daemon calls verified is so), I14 (no exchange with a place that nobody verified), I15 (nothing
moves again by itself after a trip). I11 and I24 are judged where a run ends: `sim_plc.rehearsal.run`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.domain.book import CARRIAGE, Book
from controller.domain.events import Request, UnitCommand
from controller.domain.places import PlaceStatus
from controller.domain.unit import UnitEvent
from hal.plcmap.codes import Opcode
from hal.plcmap.frame import Content
from hal.plcmap.registers import latches_station
from sim_plc.plant.crimes import Crime, CrimeCode
from sim_plc.plant.truth import Truth
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.rehearsal.mailbox_law import MailboxLaw

if TYPE_CHECKING:
    from sim_plc.rehearsal.world import World

OUTSIDE: Final = "outside"
SHUTTLE: Final = "tower/shuttle"
CARRIED: Final = "carriage"

_RANGE_MM: Final = 60
"""How far a stop may carry the carriage past its end places."""

_POWER_UP_S: Final = 0.5
"""What the loss of its power makes of a controller's outputs has happened within this."""

_MOVES: Final = frozenset({"lift", "turntable", "shuttle"})

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
    """A `sim_plc.rehearsal.world.Witness` that judges a run."""

    def __init__(self, world: "World") -> None:
        self.violations: list[Violation] = []
        self.law = MailboxLaw()
        self.restarts_checked = 0
        """How often the inventory was compared with the truth behind a reconciliation."""
        self._world = world
        self._crimes = 0
        self._where: dict[str, str | int] = {}
        self._power_ups: dict[str, float] = {}
        self._tripped = False
        self._reset_asked = False
        self._energised = False
        heights = [pose.height_mm for pose in world.tower.shape.poses.values()]
        self._range = (min(heights) - _RANGE_MM, max(heights) + _RANGE_MM)
        world.witnesses.append(self)

    def on_plc(self, station: str, entry: LogEntry) -> None:
        """Judge a line of a station's log."""
        for text in self.law.take(station, entry):
            self.accuse("I6", text)
        if entry.event is Event.STARTED and station == "tower" and entry.content is not None:
            self._judge_start(entry.mechanism, entry.content)

    def on_power_up(self, station: str, *, warm: bool) -> None:
        """Take notice."""
        self._power_ups[station] = self._world.now
        if not warm:
            self.law.forget(station)
        if station == "tower":
            self.law.unhome()
            self._energised = False

    def on_forgotten(self, station: str) -> None:
        """Take notice."""
        self.law.forget(station)

    def on_plant(self) -> None:
        """Judge the plant."""
        plant, safety = self._world.plant, self._world.plant.tower_image.safety
        for crime in plant.crimes[self._crimes :]:
            if not self._excused(crime):
                self.accuse("I4" if crime.code in _TRANSFER_CRIMES else "I3", f"{crime.text} ({crime.t:.3f} s)")
        self._crimes = len(plant.crimes)
        if safety.maintenance_key:
            self.law.unhome()
        if not safety.chain_closed and not self._tripped:
            self._tripped, self._reset_asked, self._energised = True, False, False
        truth = plant.truth()
        self._call_the_roll(truth)
        if not self._range[0] <= truth.carriage.lift.position <= self._range[1]:
            self.accuse("I5", f"the lift is at {truth.carriage.lift.position:.0f} mm")

    def on_told(self, event: Mapping[str, object]) -> None:
        """Compare inventory and truth wherever the daemon has just made sure of it."""
        made_sure = event["event"] == "unit_state" and event["state"] in {"STOPPED", "IDLE", "EXECUTE"}
        ended = event["event"] == "job_state" and event["state"] in {"DONE", "CANCELLED", "DIVERTED"}
        if made_sure or ended:
            self.judge_inventory()

    def on_asked(self, request: Request) -> None:
        """Take notice of a person's request."""
        if isinstance(request, UnitCommand) and request.event is UnitEvent.RESET:
            self._reset_asked = True

    def on_died(self, why: str) -> None:
        """No daemon may end by itself."""
        self.accuse("DIED", why)

    def judge_inventory(self) -> None:
        """Compare what the daemon calls verified with the truth."""
        daemon = self._world.daemon
        if daemon is None or not daemon.control.unit.reconciled:
            return
        self.restarts_checked += 1
        for text in differences(daemon.book, self._world.plant.truth(), self._world.tower.shape.bays):
            self.accuse("I13", text)

    def judge_end(self) -> None:
        """Judge what must hold when all has come to rest."""
        self.on_plant()
        self.judge_inventory()
        for box in self.law.owed():
            self.accuse("I6", f"{box} owes an outcome")

    def _excused(self, crime: Crime) -> bool:
        """Excuse a latch that fell onto the arms because its own controller lost its power: nobody let it go.

        The contacts in series that keep a controller from letting go are inputs of its program; the coil is its output,
        which no program holds through a power-up. The spring then rests on the arms until they are gone.
        """
        docked = self._world.plant.truth().carriage.docked
        if crime.code is not CrimeCode.LATCH_ON_ARMS or docked is None:
            return False
        powered_up_s = self._power_ups.get(latches_station(docked))
        return powered_up_s is not None and crime.t - powered_up_s < _POWER_UP_S

    def _judge_start(self, mechanism: str, content: Content) -> None:
        if mechanism == "station" and content.opcode == Opcode.RESET:
            self._energised = True
            if self._tripped and not self._reset_asked:
                self.accuse("I15", "drives were energised after a trip though nobody asked for a reset")
            self._tripped = False
        if mechanism in _MOVES and (self._tripped or not self._energised):
            self.accuse("I15", f"{mechanism} started after a trip or power-up without a reset")
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
        daemon = self._world.daemon
        status = daemon.book.places[place].status if daemon else PlaceStatus.BLOCKED
        if status is PlaceStatus.UNVERIFIED:
            self.accuse("I14", f"{opcode.name} at {place}, which is unverified")

    def _call_the_roll(self, truth: Truth) -> None:
        seen: dict[str, str | int] = {}
        for car, where in _roll(truth):
            if car in seen:
                self.accuse("I1", f"car {car} is at {seen[car]} and at {where}")
            seen[car] = where
        for car, before in self._where.items():
            now = seen.get(car)
            if now is None:
                self.accuse("I2", f"car {car} vanished from {before}")
            elif now != before and not _way(before, now):
                self.accuse("I2", f"car {car} went from {before} to {now}")
        for car, now in seen.items():
            if car not in self._where and self._where and now != OUTSIDE:
                self.accuse("I2", f"car {car} appeared at {now}")
        self._where = seen

    def accuse(self, invariant: str, text: str) -> None:
        """Record that an invariant is broken."""
        self.violations.append(Violation(self._world.now, invariant, text))


def differences(book: Book, truth: Truth, bays: tuple[int, ...]) -> Iterator[str]:
    """Yield every bay that is called verified and is not so, and the carriage.

    An exchange under way, or one whose outcome is not settled yet, claims nothing of the two places that it is about.
    """
    exchanging = not truth.carriage.arms_centred or any(name == SHUTTLE for name, _ in book.intents)
    for number in (*bays, CARRIAGE):
        if exchanging and number in (CARRIAGE, truth.carriage.docked):
            continue
        place, car = book.places[number], truth.carriage.car if number == CARRIAGE else truth.cars.get(number)
        if place.status is PlaceStatus.FREE and car is not None:
            yield f"place {number} is called free and holds {car}"
        if place.status is PlaceStatus.OCCUPIED and car != place.car:
            yield f"place {number} is said to hold {place.car} and holds {car}"


def _roll(truth: Truth) -> Iterator[tuple[str, str | int]]:
    yield from ((car, place) for place, car in truth.cars.items())
    yield from ((car, f"gate {room}") for room, car in truth.crossing.items())
    yield from ((car, OUTSIDE) for car in truth.outside)
    if truth.carriage.car is not None:
        yield truth.carriage.car, CARRIED


def _way(before: str | int, now: str | int) -> bool:
    """Tell whether a car can go from one place to another in one step."""
    for one, other in ((before, now), (now, before)):
        if isinstance(one, int) and other == CARRIED:
            return True
        if isinstance(one, str) and one.startswith("gate ") and other in (OUTSIDE, int(one.split()[1])):
            return True
    return False
