"""The image of the tower as its program works with it: outputs and encoders are the wires, inputs come filtered."""

from typing import Final

from sim_plc.image import (
    CarriageInputs,
    DoorInputs,
    RoomImage,
    RoomInputs,
    SafetyInputs,
    TowerImage,
    steady,
    telling,
)
from sim_plc.program import input_filter
from sim_plc.program.input_filter import InputFilter, take_all

_SAFETY: Final = telling(SafetyInputs)


class FilteredTower:
    """The tower's image behind its input filters; ``seen`` is what the program works with."""

    def __init__(self, raw: TowerImage) -> None:
        self.raw = raw
        self.due: float | None = None
        """When an input that has changed may be taken over; None: none waits."""
        self.seen = TowerImage(
            {place: _seen_room(room) for place, room in raw.rooms.items()},
            safety=raw.safety,
            carriage=CarriageInputs(),
            lift_in=raw.lift_in,
            lift_out=raw.lift_out,
            turntable_in=raw.turntable_in,
            turntable_out=raw.turntable_out,
            arms_in=raw.arms_in,
            arms_out=raw.arms_out,
            comb_in=raw.comb_in,
            comb_out=raw.comb_out,
            clamp=raw.clamp,
        )
        pairs = [(place, room, self.seen.rooms[place]) for place, room in raw.rooms.items()]
        self.doors = {p: InputFilter(raw.door_in, seen.door_in, input_filter.DOOR) for p, raw, seen in pairs}
        self.gates = {p: InputFilter(raw.gate_in, seen.gate_in, input_filter.DOOR) for p, raw, seen in pairs}
        rooms = [InputFilter(raw.sensors, seen.sensors, input_filter.ROOM) for _, raw, seen in pairs]
        carriage = InputFilter(raw.carriage, self.seen.carriage, input_filter.CARRIAGE)
        self._filters = (*self.doors.values(), *self.gates.values(), *rooms, carriage)
        self._unfiltered: tuple[object, ...] = ()
        """What the wires without a filter told at the last look."""

    def take(self, t: float, *, at_once: bool) -> bool:
        """Look at the inputs in a scan; tell whether the program sees anything else, or a contact has bounced.

        ``at_once``: at power-up, when nothing was seen before.
        """
        raw, before = self.raw, self._unfiltered
        axes = map(steady, (raw.lift_in, raw.turntable_in, raw.arms_in, raw.comb_in))
        self._unfiltered = (_SAFETY(raw.safety), *axes)
        if at_once:
            for each in self._filters:
                each.pass_all()
        news, self.due = take_all(self._filters, t)
        return news or self._unfiltered != before

    def give(self) -> None:
        """Put out what the program has written into its image instead of the wires."""
        self.raw.clamp = self.seen.clamp
        for place, room in self.seen.rooms.items():
            self.raw.rooms[place].signal, self.raw.rooms[place].arrow_back = room.signal, room.arrow_back


def _seen_room(raw: RoomImage) -> RoomImage:
    return RoomImage(DoorInputs(), raw.door_out, DoorInputs(), raw.gate_out, RoomInputs(), raw.signal)
