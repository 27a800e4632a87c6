"""The whole of the moving steel: axes, doors, latches, cars and the chain, and how they bear on each other."""

import math
import random
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from config.schema import Tower
from sim_plc.image import AxisOutputs, DoorOutputs
from sim_plc.plant import machines
from sim_plc.plant.axis import Axis
from sim_plc.plant.cars import Car, Yard
from sim_plc.plant.contacts import Contacts
from sim_plc.plant.crimes import CrimeCode, Ledger
from sim_plc.plant.judge import going_on, next_verdict
from sim_plc.plant.latch import Latch
from sim_plc.plant.leaf import Leaf
from sim_plc.plant.machines import Contact
from sim_plc.plant.people import Crowd
from sim_plc.plant.room import Room
from sim_plc.plant.ropes import ropes_of
from sim_plc.plant.safety import Cause, Chain
from sim_plc.plant.scale import Scale

_MAX_ROUNDS: Final = 100


@dataclass(slots=True)
class Wires:
    """The outputs as last taken."""

    axes: list[AxisOutputs] = field(default_factory=lambda: [AxisOutputs() for _ in range(4)])
    """In the order of `Steel.axes`."""
    doors: dict[int, DoorOutputs] = field(default_factory=dict)
    gates: dict[int, DoorOutputs] = field(default_factory=dict)
    clamp: bool = False
    unlatch: frozenset[int] = frozenset()


class Steel:
    """State at the instant of the last `advance` or `settle`; instants never fall."""

    def __init__(self, tower: Tower, seed: int, cars: Mapping[int, Car]) -> None:
        shape, machine = tower.shape, tower.machine
        self.yard = Yard(dict(cars))
        self.rooms = {place: Room(place, machine, self.yard, seed=seed) for place in shape.rooms}
        self.crowds = {place: Crowd() for place in shape.rooms}
        self._leaves = tuple(leaf for room in self.rooms.values() for leaf in (room.door, room.gate))
        self.latches = {place: Latch(machine.latch.travel_s) for place in shape.bays}
        self.chain = Chain()
        self.ledger = Ledger()
        self.ropes = ropes_of(tower)
        self.lift = machines.lift_axis(tower, seed, self.yard, self.ropes)
        self.turntable = machines.turntable_axis(tower)
        self.arms, self.comb = machines.arms_axis(tower), machines.comb_axis(tower)
        self.axes = (self.lift, self.turntable, self.arms, self.comb)
        self._timed: tuple[Axis | Leaf | Crowd, ...] = (*self.axes, *self._leaves, *self.crowds.values())
        bolted = DoorOutputs(bolt=True)
        self.wires = Wires(doors=dict.fromkeys(self.rooms, bolted), gates=dict.fromkeys(self.rooms, bolted))
        self.stop_s = max(
            machine.lift.speed_mm_s / machine.lift.stop_mm_s2,
            machine.turntable.speed_mdeg_s / machine.turntable.stop_mdeg_s2,
            machine.shuttle.speed_mm_s / machine.shuttle.acceleration_mm_s2,
        )
        """What lift, turntable and arms need to stop from their full speed."""
        self.hazards: set[Cause] = set()
        """Causes that people and the world make."""
        self.mains = True
        self.maintenance_key = False
        self.docked: int | None = None
        self.held = False
        self.reach: int | None = None
        """The place the arms were in front of when they left the centre."""
        self.loose: set[int] = set()
        """Bays whose latch is not home."""
        self.changed_bays: set[int] = set()
        self._scale = Scale(random.Random(f"{seed} carriage scale"))
        self.contacts = Contacts(random.Random(f"{seed} contacts"))
        self.shifted = False
        """The load has slid out of its clamp."""
        self.load_kg = 0
        """What the scale of the carriage reads."""
        self.next_s = math.inf
        self.now_s = 0.0
        self.settled = 0
        """How often it has settled: nothing but time changes it in between."""
        self._raised = False
        self._dock_cache: dict[tuple[frozenset[Hashable], frozenset[Hashable]], int | None] = {}
        self.settle(0.0)

    @property
    def arms_centred(self) -> bool:
        """Nothing of the shuttle reaches over the edge of the carriage."""
        return Contact.CENTRED in self.arms.inside

    @property
    def at_level(self) -> bool:
        """Dock contact of a level made."""
        return self.docked is not None or any(isinstance(key, int) for key in self.lift.inside)

    @property
    def at_position(self) -> bool:
        """Dock contact of a position made."""
        return self.docked is not None or any(isinstance(key, int) for key in self.turntable.inside)

    @property
    def outward(self) -> bool:
        """Arms driven away from the centre."""
        position, velocity = self.arms.at(self.now_s)
        return self.arms.driven and position * velocity > 0

    @property
    def way_open(self) -> bool:
        """Latch or inner door of the docked place fully open."""
        if self.docked is None:
            return False
        room = self.rooms.get(self.docked)
        return room.door.opened if room else self.latches[self.docked].open

    def advance(self, t: float) -> None:
        """Let everything happen that is due up to ``t``, in order."""
        while self.next_s <= t:
            due_s = self.next_s
            for axis in self.axes:
                if axis.next_s <= due_s:
                    axis.advance(due_s)
            for leaf in self._leaves:
                if leaf.next_s <= due_s:
                    leaf.advance(due_s)
            for place in self.loose:
                self.latches[place].advance(due_s)
            self.changed_bays |= self.loose
            self.settle(due_s)

    def settle(self, t: float) -> None:
        """Let everything act on everything else at ``t`` until nothing changes."""
        self.now_s = t
        self.settled += 1
        for _ in range(_MAX_ROUNDS):
            self._hand_over(t)
            self._dock()
            self._update_chain(t)
            self._power_axes(t)
            self._dock()
            self._power_leaves(t)
            self._power_latches(t)
            if not self._people_act(t) and not self._update_chain(t):
                break
        else:
            raise RuntimeError("the plant does not settle")
        self.contacts.look(t, self)
        self.ledger.judge(t, going_on(self, t))
        self.next_s = min(
            *[each.next_s for each in self._timed],
            *[self.latches[place].next_s for place in self.loose],
            next_verdict(self, t),
        )

    def _dock(self) -> None:
        self.held = self.lift.held and self.turntable.held
        windows = (self.lift.inside, self.turntable.inside)
        if windows not in self._dock_cache:
            places = [key for key in windows[0] & windows[1] if isinstance(key, int)]
            self._dock_cache[windows] = min(places, default=None)
        docked = self._dock_cache[windows]
        if docked != self.docked:
            self.changed_bays |= {place for place in (docked, self.docked) if place in self.latches}
            self.docked = docked
        if self.arms_centred:
            self.reach = None
        elif self.reach is None:
            self.reach = self.docked

    def _hand_over(self, t: float) -> None:
        raised = Contact.RAISED in self.comb.inside
        if raised == self._raised:
            return
        self._raised = raised
        if raised:
            self._raise(t)
        else:
            self._lower(t)

    def _raise(self, t: float) -> None:
        yard, place = self.yard, self.docked
        if self.arms_centred or place is None or place not in yard.at:
            return
        if Contact.EXTENDED not in self.arms.inside:
            self.ledger.record(t, CrimeCode.RAISED_HALF_ON, place)
        elif yard.aboard is not None:
            self.ledger.record(t, CrimeCode.RAISED_LOADED, place)
        else:
            yard.aboard = yard.at.pop(place)
            self._touch(place)
            self._sink(yard.aboard.weight_kg)

    def _lower(self, t: float) -> None:
        yard, place = self.yard, self.docked
        if yard.aboard is None:
            return
        if self.arms_centred:
            self.ledger.record(t, CrimeCode.LOWERED_INSIDE, place or 0)
        elif Contact.EXTENDED not in self.arms.inside or place is None:
            self.ledger.record(t, CrimeCode.LOWERED_HALF_OUT, place or 0)
        elif place in yard.at or (place in self.rooms and self.rooms[place].transit is not None):
            self.ledger.record(t, CrimeCode.LOWERED_ONTO_CAR, place)
        else:
            self.unload(place)
            if place in self.rooms:
                self.rooms[place].off_marks_mm = 0

    def unload(self, place: int) -> None:
        """Let the car that is aboard rest on a place from now on."""
        yard = self.yard
        assert yard.aboard is not None
        yard.at[place], yard.aboard = yard.aboard, None
        self.shifted = False
        self._touch(place)
        self._sink(-yard.at[place].weight_kg)

    def weigh(self) -> None:
        """Let the scale of the carriage take a reading of what rests on the comb."""
        self.load_kg = self._scale.weigh(self.now_s, self.yard.aboard.weight_kg if self.yard.aboard else 0)

    def _sink(self, load_kg: float) -> None:
        """Let the carriage sink under a load that it has just taken, and weigh it; negative: rise without one."""
        self.weigh()
        height_mm = self.lift.at(self.now_s)[0]
        self.lift.shift(-math.copysign(self.ropes.sag_mm(height_mm, abs(load_kg)), load_kg))

    def _touch(self, place: int) -> None:
        if place in self.latches:
            self.changed_bays.add(place)

    def _update_chain(self, t: float) -> bool:
        """Take the causes; tell whether the verdict changed."""
        was_closed = self.chain.closed
        live = set(self.hazards)
        if not self.mains:
            live.add(Cause.PHASE_LOSS)
        if self.lift.overspeed or self.turntable.overspeed:
            live.add(Cause.OVERSPEED)
        if self.lift.over_travel:
            live.add(Cause.OVER_TRAVEL)
        for room in self.rooms.values():
            room.note(t)
            room.note_hands(t)
            if room.gate.escape:
                live.add(Cause.GATE_RELEASE)
            if room.bodies_in_gate and not room.door.locked:
                live.add(Cause.LIGHT_CURTAIN)
            if room.persons and not room.door.locked:
                live.add(Cause.PERSON_IN_OPEN_ROOM)
        self.chain.update(live)
        return self.chain.closed != was_closed

    def _power_axes(self, t: float) -> None:
        supply = self.chain.closed and self.mains and not self.maintenance_key
        for axis, wire in zip(self.axes, self.wires.axes, strict=True):
            axis.command(t, power=wire.power and supply, release=wire.brake_release, request=wire.request)

    def _power_leaves(self, t: float) -> None:
        for place, room in self.rooms.items():
            room.door_plane_clear = self.reach != place
            room.door.command(t, self.wires.doors[place], blocked=not room.door_plane_clear, mains=self.mains)
            blocked = room.bodies_in_gate > 0 or room.bag_in_gate
            room.gate.command(t, self.wires.gates[place], blocked=blocked, mains=self.mains)

    def _power_latches(self, t: float) -> None:
        if not self.loose and not self.wires.unlatch:
            return
        ready = self.docked if self.held and self.mains else None
        concerned = self.loose | {place for place in self.wires.unlatch if place == ready}
        for place in concerned:
            energised = place == ready and place in self.wires.unlatch
            self.latches[place].command(t, energised=energised, blocked=self.reach == place)
        self.changed_bays |= concerned
        self.loose = {place for place in concerned if not self.latches[place].closed}

    def _people_act(self, t: float) -> bool:
        acted = [crowd.poll(t) for crowd in self.crowds.values()]
        return any(acted)
