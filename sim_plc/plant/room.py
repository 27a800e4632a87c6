"""One transfer room: door, gate, and what its sensors see of cars and people."""

import random
from dataclasses import dataclass
from typing import Final

from config.schema import Machine
from hal.plcmap.codes import Signal
from sim_plc.image import RoomInputs
from sim_plc.plant.cars import Car, Yard
from sim_plc.plant.frame import MeasuringFrame
from sim_plc.plant.leaf import Leaf

MARKS_MM: Final = 50
"""Within this of the middle of the marks a car stands inside them."""


@dataclass(slots=True)
class Transit:
    """A car that drives in or out, and what feels it at this instant."""

    car: Car
    at_gate_end: bool = False
    at_door_end: bool = False
    on_scale: bool = False


class Room:
    """Sensors are true to what stands, drives and walks here."""

    def __init__(self, place: int, machine: Machine, yard: Yard, *, seed: int) -> None:
        self.place = place
        self.door = Leaf(machine.door)
        self.gate = Leaf(machine.gate)
        self.yard = yard
        self.frame = MeasuringFrame(random.Random(f"{seed} frame {place}"))
        self.signal: int = Signal.DARK
        self.arrow_back = False
        """The sign's arrow points back to the gate."""
        self.transit: Transit | None = None
        self.engaged = False
        """Somebody has come with a car, or for one."""
        self.off_marks_mm = 0
        """How far beyond the middle of the marks the car stands, towards the inner door."""
        self.persons = 0
        """People inside, drivers in their cars included."""
        self.bodies_in_gate = 0
        """Cars and people in the plane of the gate."""
        self.bag_in_gate = False
        """Something stands in that plane that is too low for the light curtain: the closing edge meets it."""
        self.gate_blocked_since_s: float | None = None
        self.inhabited_since_s: float | None = None
        self.crossings = 0
        self.last_crossing: str | None = None
        self.door_plane_clear = True
        self.gate_forced = False
        """A leaf was opened by hand: that both ways are open is nobody's crime until it is put right."""
        self.door_forced_s: float | None = None
        """Since when the inner door is not locked because somebody opened it by hand."""
        self.gate_forced_s: float | None = None

    @property
    def standing(self) -> Car | None:
        """The car that rests in the marks."""
        return self.yard.at.get(self.place)

    def seen(self) -> tuple[bool, bool, bool]:
        """Return whether a car is in front of the presence sensor near the gate, and near the inner door, and in marks.

        It is in the marks where it stands with all its wheels within them.
        """
        if self.place in self.yard.at:
            return True, True, abs(self.off_marks_mm) <= MARKS_MM
        transit = self.transit
        return (False, False, False) if transit is None else (transit.at_gate_end, transit.at_door_end, False)

    def count_crossing(self, direction: str) -> None:
        """Latch a complete crossing of the gate by a car: ``in`` or ``out``."""
        self.crossings = (self.crossings + 1) & 0xFFFF
        self.last_crossing = direction

    def note(self, t: float) -> None:
        """Remember since when somebody is in the gate's plane or inside; let the frame look at who stands alone."""
        alone = not (self.bodies_in_gate or self.persons or self.transit)
        self.frame.look(t, self.standing if alone else None)
        if (self.gate_blocked_since_s is None) != (self.bodies_in_gate == 0):
            self.gate_blocked_since_s = t if self.bodies_in_gate else None
        if (self.inhabited_since_s is None) != (self.persons == 0):
            self.inhabited_since_s = t if self.persons else None

    def note_hands(self, t: float) -> None:
        """Remember whose leaves somebody has opened by hand."""
        by_hand = self.gate.by_hand or self.door.by_hand
        if not by_hand and self.door_forced_s is None and self.gate_forced_s is None:
            return
        self.gate_forced = self.gate_forced or by_hand
        self.door_forced_s = _opened_by_hand(self.door, self.door_forced_s, t)
        self.gate_forced_s = _opened_by_hand(self.gate, self.gate_forced_s, t)

    def fill(self, inputs: RoomInputs) -> None:
        """Fill every input."""
        standing, transit = self.standing, self.transit
        inputs.occupied_a, inputs.occupied_b, inputs.in_marks = self.seen()
        heavy = standing is not None and standing.weight_kg > 400
        inputs.weight = heavy or (transit is not None and transit.on_scale and transit.car.weight_kg > 400)
        inputs.person = self.persons > 0
        inputs.person_sensor_ok = True
        inputs.beyond_marks = standing is not None and self.off_marks_mm > MARKS_MM
        inputs.door_plane_clear = self.door_plane_clear
        inputs.curtain_clear = self.bodies_in_gate == 0
        inputs.crossing_in = self.last_crossing == "in"
        inputs.crossing_out = self.last_crossing == "out"
        inputs.crossings = self.crossings
        inputs.escape_used = self.gate.escape
        self.frame.fill(inputs)


def _opened_by_hand(leaf: Leaf, since_s: float | None, t: float) -> float | None:
    """Return since when a leaf is not locked because somebody opened it by hand; None: it is not so."""
    if leaf.by_hand:
        return t if since_s is None else since_s
    return None if leaf.locked else since_s
