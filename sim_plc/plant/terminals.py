"""The terminal strip between the steel and the process images: outputs in, inputs out, and inputs that lie."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from sim_plc.image import AxisOutputs, BayLevelImage, DoorInputs, DoorOutputs, TowerImage, steady, telling
from sim_plc.plant.contacts import Wire
from sim_plc.plant.lies import Lie, Lies
from sim_plc.plant.machines import Contact
from sim_plc.plant.steel import Steel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
__all__ = ["Terminals", "Wire"]

_OUTPUTS: Final = attrgetter(
    *(
        f"{axis}_out.{each.name}"
        for axis in ("lift", "turntable", "arms", "comb")
        for each in fields(AxisOutputs)
    ),
    "clamp",
)
"""Reads what the tower's program puts out, but for its rooms."""

_ROOM_OUTPUTS: Final = attrgetter(
    *(f"{leaf}_out.{each.name}" for leaf in ("door", "gate") for each in fields(DoorOutputs)), "signal", "arrow_back"
)


class Terminals:
    """Writes only what may have changed."""

    def __init__(self, steel: Steel, tower: TowerImage, levels: Mapping[int, BayLevelImage]) -> None:
        self._steel, self._tower, self._levels = steel, tower, levels
        self._axis_inputs = (tower.lift_in, tower.turntable_in, tower.arms_in, tower.comb_in)
        self._axis_outputs = (tower.lift_out, tower.turntable_out, tower.arms_out, tower.comb_out)
        self._of_carriage: dict[str, DataclassInstance] = {
            **dict(zip(("lift", "turntable", "arms", "comb"), self._axis_inputs, strict=True)),
            "carriage": tower.carriage,
            "safety": tower.safety,
        }
        """Groups of inputs of which the tower has one, by name."""
        self._unlatch = {level: dict(image.unlatch) for level, image in levels.items()}
        self._stuck: dict[Wire, bool | int] = {}
        self._lies = Lies()
        rooms = tower.rooms.values()
        groups: tuple[DataclassInstance, ...] = (
            *(group for room in rooms for group in (room.door_in, room.gate_in, room.sensors)),
            tower.safety,
            tower.carriage,
        )
        self._groups = tuple((group, telling(type(group))) for group in groups)
        self._filled: tuple[object, ...] = ()
        """What the tower's inputs told at the end of the last `fill`."""
        self._taken: tuple[object, ...] = ()
        """The tower's outputs at the last `take_outputs`."""
        self._inverted: set[Wire] = set()
        """Wires of contacts that chatter and tell the contrary just now."""
        steel.changed_bays |= steel.latches.keys()

    def override(self, stuck: Mapping[Wire, bool | int]) -> bool:
        """Take the inputs that lie from now on; tell whether they changed.

        Raises:
            KeyError: no such input.

        """
        if not self.would_override(stuck):
            return False
        for wire in stuck:
            self._check(wire)
        self._stuck = dict(stuck)
        self._steel.changed_bays |= self._steel.latches.keys()
        return True

    def would_override(self, stuck: Mapping[Wire, bool | int]) -> bool:
        """Tell whether other inputs lie from now on, or lie otherwise."""
        return stuck != self._stuck

    @property
    def next_s(self) -> float:
        """When an input that is late tells what it should; infinity if none does."""
        return self._lies.next_s

    def let_lie(self, wire: Wire, lie: Lie | None) -> None:
        """Let an input lie in a way of its own from the next `fill` on; None: no more.

        Raises:
            KeyError: no such input.

        """
        self._check(wire)
        self._steel.changed_bays |= {int(wire[1])} if wire[0] == "bay" else set()
        if lie is None:
            self._lies.end(wire)
        else:
            self._lies.begin(wire, lie)

    def shows(self, wire: Wire) -> bool | int:
        """Return what an input tells.

        Raises:
            KeyError: no such input.

        """
        self._check(wire)
        return self._value(wire)

    def take_outputs(self) -> bool:
        """Hand the outputs to the steel's wires; tell whether any differs from the last ones."""
        taken = (_OUTPUTS(self._tower), *map(_ROOM_OUTPUTS, self._tower.rooms.values()))
        if taken == self._taken:
            return self._take_unlatch()
        self._taken = taken
        wires, changed = self._steel.wires, False
        for i, output in enumerate(self._axis_outputs):
            if output != wires.axes[i]:
                wires.axes[i] = AxisOutputs(output.power, output.brake_release, output.request)
                changed = True
        if self._tower.clamp != wires.clamp:
            wires.clamp = self._tower.clamp
            changed = True
        changed = self._take_rooms() or changed
        return self._take_unlatch() or changed

    def fill_motion(self, t: float) -> None:
        """Fill what changes continuously: encoders and velocities of moving axes."""
        for axis, inputs in zip(self._steel.axes, self._axis_inputs, strict=True):
            if axis.moving:
                axis.fill_motion(inputs, t)
        self._stick()

    def fill_chatter(self, t: float) -> None:
        """Fill what chatters, and what changes continuously."""
        if self._lies:
            self.fill(t)
            return
        self._chatter(t)
        self.fill_motion(t)

    def fill(self, t: float) -> None:
        """Fill every input that may have changed at an event."""
        steel, tower = self._steel, self._tower
        for wire in tuple(self._inverted):
            self._invert(wire)
        for axis, inputs in zip(steel.axes, self._axis_inputs, strict=True):
            axis.fill(inputs, t)
        for place, room in steel.rooms.items():
            image = tower.rooms[place]
            room.door.fill(image.door_in)
            room.gate.fill(image.gate_in)
            room.fill(image.sensors)
        steel.chain.fill(tower.safety)
        tower.safety.maintenance_key = steel.maintenance_key
        self._fill_carriage()
        self._fill_bays()
        self._chatter(t)
        self._lie(t)
        self._count_change()

    def _count_change(self) -> None:
        """Count a change of the tower's inputs since the last `fill`; a wire that chattered since counts for itself."""
        filled = (*map(steady, self._axis_inputs), *[told(group) for group, told in self._groups])
        if filled != self._filled:
            self._filled = filled
            self._tower.changes += 1

    def _take_rooms(self) -> bool:
        wires, changed = self._steel.wires, False
        for place, image in self._tower.rooms.items():
            for leaf, output in ((wires.doors, image.door_out), (wires.gates, image.gate_out)):
                if output != leaf[place]:
                    leaf[place] = DoorOutputs(output.open, output.close, output.bolt)
                    changed = True
            room = self._steel.rooms[place]
            if (image.signal, image.arrow_back) != (room.signal, room.arrow_back):
                room.signal, room.arrow_back = image.signal, image.arrow_back
                changed = True
        return changed

    def _take_unlatch(self) -> bool:
        changed = False
        for level, image in self._levels.items():
            if image.unlatch != self._unlatch[level]:
                self._unlatch[level] = dict(image.unlatch)
                changed = True
        if changed:
            energised = (place for level in self._unlatch.values() for place, on in level.items() if on)
            self._steel.wires.unlatch = frozenset(energised) & self._steel.latches.keys()
        return changed

    def _fill_carriage(self) -> None:
        steel, inputs = self._steel, self._tower.carriage
        latch = steel.latches.get(steel.docked) if steel.docked is not None else None
        inputs.dock_level, inputs.dock_position = steel.at_level, steel.at_position
        inputs.latch_open = latch is not None and latch.open
        inputs.latch_closed = latch is not None and latch.closed
        inputs.place_occupied_a = inputs.place_occupied_b = steel.docked in steel.yard.at
        inputs.all_latches_locked = not steel.loose
        inputs.loaded_a = inputs.loaded_b = steel.yard.aboard is not None
        inputs.load_kg = steel.load_kg
        inputs.secured = inputs.loaded_a and steel.wires.clamp and not steel.shifted
        inputs.arms_centred = steel.arms_centred
        inputs.arms_extended = Contact.EXTENDED in steel.arms.inside
        inputs.comb_up = Contact.UP in steel.comb.inside
        inputs.comb_down = Contact.DOWN in steel.comb.inside

    def _fill_bays(self) -> None:
        steel = self._steel
        steel.changed_bays |= self._lies.bays
        # In series with the contactors of brakes and arms: what sets out is held and centred no more, before it moves.
        held = steel.held and not (steel.lift.releasing or steel.turntable.releasing)
        centred = steel.arms_centred and not steel.arms.moving
        for image in self._levels.values():
            if (image.carriage_held, image.shuttle_centred) != (held, centred):
                image.carriage_held, image.shuttle_centred = held, centred
                image.changes += 1
        for place in steel.changed_bays:
            image = self._levels[place // 100]
            image.changes += 1
            inputs, latch = image.bays[place], steel.latches[place]
            inputs.latch_open, inputs.latch_closed = latch.open, latch.closed
            inputs.occupied_a = inputs.occupied_b = place in steel.yard.at
            inputs.docked = place == steel.docked
        steel.changed_bays = set()

    def _chatter(self, t: float) -> None:
        for wire, inverted in self._steel.contacts.due(t):
            if inverted is not (wire in self._inverted):
                self._invert(wire)

    def _invert(self, wire: Wire) -> None:
        """Let a wire tell the contrary, or the truth again."""
        owner = self._owner(wire)
        setattr(owner, wire[-1], not getattr(owner, wire[-1]))
        self._inverted ^= {wire}
        if wire[0] == "bay":
            self._levels[int(wire[1]) // 100].changes += 1
        else:
            self._tower.changes += 1

    def _lie(self, t: float) -> None:
        """Put lies in the place of the truth, which has just been filled in."""
        for wire, value in tuple(self._lies.told(t, self._value)):
            setattr(self._owner(wire), wire[-1], value)
        self._stick()

    def _stick(self) -> None:
        for wire, value in self._stuck.items():
            setattr(self._owner(wire), wire[-1], value)

    def _value(self, wire: Wire) -> bool | int:
        value: bool | int = getattr(self._owner(wire), wire[-1])
        return value

    def _check(self, wire: Wire) -> None:
        if wire[-1] not in _inputs_of(type(self._owner(wire))):
            raise KeyError(f"no input {wire}")

    def _owner(self, wire: Wire) -> "DataclassInstance":
        match wire:
            case ("room", int(place), _):
                return self._tower.rooms[place].sensors
            case ("door" | "gate" as which, int(place), _):
                return self._leaf(which, place)
            case ("bay", int(place), _):
                return self._levels[place // 100].bays[place]
            case ("level", int(level), _):
                return self._levels[level]
            case _:
                return self._of_carriage[wire[0]]

    def _leaf(self, which: str, place: int) -> DoorInputs:
        image = self._tower.rooms[place]
        return image.door_in if which == "door" else image.gate_in


@cache
def _inputs_of(group: "type[DataclassInstance]") -> frozenset[str]:
    return frozenset(field.name for field in fields(group))
