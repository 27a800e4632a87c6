"""What a hostile master asks for: what the tower might just do where it stands, or anything at all."""

import random
from collections.abc import Iterator
from typing import Final

from hal.plcmap.codes import OPCODES, MechanismKind, Mode, Opcode, Signal
from hal.plcmap.frame import Content
from tests.support.attacked_tower import AttackedTower
from tests.support.safety_facts import TOWER, Box, Facts

Wish = tuple[Box, Content]

PLAUSIBLE: Final = 0.65
"""Share of the wishes that follow from where the tower stands."""

BOLD: Final = 0.3
"""Share of the others that are about the place where the carriage stands."""


ROOM_NEXT: Final = 0.1
"""Share of the plausible moves that go to the room after all."""


class Wisher:
    """Draws wishes. Half of the plausible ones are what a good master would do next, or nearly."""

    def __init__(self, it: AttackedTower, rng: random.Random) -> None:
        self._it, self._rng = it, rng
        self._places = (*it.tower.shape.rooms, *it.tower.shape.bays)
        self._boxes = [(name, m.name, m.kind) for name, station in it.stations.items() for m in station.mechanisms]
        self._goal = rng.choice(self._places)

    def wish(self) -> Wish:
        """Draw one wish."""
        if self._rng.random() < PLAUSIBLE:
            sensible = list(self._sensible(self._it.facts))
            if sensible:
                return self._rng.choice(sensible)
        return self._anything()

    def _sensible(self, now: Facts) -> Iterator[Wish]:
        """Yield what could come next."""
        yield from (((name, "station"), Content(Opcode.RESET)) for name in self._unpowered())
        if not now.chain_closed:
            return
        if now.asked.exchange is not None and not now.arms_centred:
            yield from (((TOWER, "shuttle"), Content(opcode)) for opcode in (Opcode.RESUME, Opcode.UNDO))
        if not now.arms_centred or "shuttle" not in now.asked.homed:
            yield (TOWER, "shuttle"), Content(self._rng.choice((Opcode.HOME, Opcode.HOME, Opcode.RETRACT)))
        unknown = [axis for axis in ("lift", "turntable") if axis not in now.asked.homed]
        yield from (((TOWER, axis), Content(Opcode.HOME)) for axis in unknown)
        if not unknown:
            yield from self._moves(now)
        if now.docked is not None:
            yield from self._at_place(now, now.docked)
        yield from self._at_gate(now)

    def _moves(self, now: Facts) -> Iterator[Wish]:
        pose = self._it.tower.shape.poses[self._goal]
        if now.docked == self._goal:
            self._goal = self._rng.choice(self._places)
        if self._rng.random() < ROOM_NEXT:
            self._goal = self._it.tower.shape.rooms[0]
        yield (TOWER, "lift"), Content(Opcode.MOVE_TO, pose.height_mm, self._goal)
        yield (TOWER, "turntable"), Content(Opcode.MOVE_TO, pose.angle_mdeg, self._goal)

    def _at_place(self, now: Facts, place: int) -> Iterator[Wish]:
        is_room = place in now.rooms
        way: Box = (TOWER, "room1.inner_door") if is_room else (f"bays{place // 100}", "latches")
        opened, closed = (Opcode.OPEN, Opcode.CLOSE) if is_room else (Opcode.UNLATCH, Opcode.LATCH)
        argument = 0 if is_room else place % 100
        yield way, Content(opened if not now.way_open or self._rng.random() < 0.1 else closed, argument)
        if now.way_open:
            exchange = Opcode.PLACE if now.loaded else Opcode.PICK
            yield (TOWER, "shuttle"), Content(exchange, place)
            yield (TOWER, "shuttle"), Content(exchange, place)

    def _at_gate(self, now: Facts) -> Iterator[Wish]:
        for place, room in now.rooms.items():
            if place != now.docked or self._rng.random() < 0.3:
                yield (TOWER, "room1.outer_gate"), Content(Opcode.OPEN if room.gate.closed else Opcode.CLOSE)
        if self._rng.random() < 0.3:
            sign = self._rng.choice((Signal.DRIVE_IN, Signal.DRIVE_IN, Signal.TAKE_CAR, Signal.DRIVE_OUT))
            yield (TOWER, "room1.signal"), Content(Opcode.SHOW, int(sign))

    def _unpowered(self) -> Iterator[str]:
        for name, program in self._it.programs.items():
            if not program.station_state.powered:
                yield name

    def _anything(self) -> Wish:
        rng = self._rng
        station, name, kind = rng.choice(self._boxes)
        opcode = rng.choice(tuple(OPCODES[kind])) if rng.random() < 0.95 else Opcode(rng.choice(tuple(Opcode)))
        if opcode is Opcode.STOP and rng.random() < 0.6:
            opcode = rng.choice(tuple(OPCODES[kind]))
        one, other = self._arguments(kind, opcode)
        expected = rng.randrange(1, 45) if rng.random() < 0.03 else 0
        return (station, name), Content(int(opcode), one, other, expected)

    def _arguments(self, kind: MechanismKind, opcode: Opcode) -> tuple[int, int]:
        rng, docked = self._rng, self._it.plant._steel.docked
        place = docked if docked is not None and rng.random() < BOLD else rng.choice(self._places)
        if rng.random() < 0.02:
            return rng.randrange(-(1 << 31), 1 << 31), rng.randrange(0, 1 << 31)
        if opcode is Opcode.MOVE_TO:
            pose = self._it.tower.shape.poses[place]
            value = pose.height_mm if kind is MechanismKind.LIFT else pose.angle_mdeg
            return (value, place) if rng.random() < 0.8 else (value + rng.randrange(-900, 900), 0)
        choices: dict[Opcode, tuple[int, ...]] = {
            Opcode.JOG: (-1, 1),
            Opcode.PICK: (place,),
            Opcode.PLACE: (place,),
            Opcode.UNLATCH: (place % 100,),
            Opcode.LATCH: (place % 100,),
            Opcode.SHOW: tuple(map(int, Signal)),
            Opcode.MODE: tuple(map(int, Mode)),
        }
        return rng.choice(choices.get(opcode, (0,))), 0
