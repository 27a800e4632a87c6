"""Another host on the network: it takes the tower, commands it, writes junk, or looks at every register."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import MechanismKind, Opcode, serial_next
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from hal.plcmap.registers import Mechanism
from sim_plc.program.station_program import StationProgram
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.unit import ModbusRefusal, Unit

MASTER: Final = Letter("MASTER", "another master takes a station and keeps it", (1.0, 10.0))
INTRUDER: Final = Letter("INTRUDER", "another host writes well-formed commands in our name", (0.0, 5.0))
JUNK: Final = Letter("JUNK", "another host writes junk into registers", (0.5, 10.0))
REGISTER_SCAN: Final = Letter("REGISTER_SCAN", "another host reads every register that there may be", (1.0, 30.0))

BEAT_S: Final = 0.25
"""Between two signs of life of another master."""

LOOK_S: Final = 0.05
"""Between two reads or writes of a host that is in no hurry."""

HIGHEST: Final = 0xFFFF_FFFF
"""Epoch behind which there is none."""

SPACE: Final = 1024
"""Addresses that are tried."""


class MasterFaults:
    """Plays them. Whatever another host has a PLC do is noted: the daemon has not asked for it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self._rng = scene.rng
        self.acts: Mapping[Letter, Act] = {
            MASTER: self._take,
            INTRUDER: self._command,
            JUNK: self._write_junk,
            REGISTER_SCAN: self._look_around,
        }

    async def _take(self, strike: Strike) -> None:
        program, unit = self._struck(strike)
        epoch = min(program.gate.memory.epoch + 0x10000 * self._rng.randint(1, 3), HIGHEST)
        owner = self._rng.randrange(1, 0x10000)

        async def beat() -> None:
            now = program.gate.heartbeat(self._world.now)
            block = ControllerBlock(epoch, owner, now, 0)
            self._write(program, unit, program.station.controller_block, block.to_words())

        await self._keep_on(strike, BEAT_S, beat)

    async def _command(self, strike: Strike) -> None:
        program, unit = self._struck(strike)
        mechanism = self._rng.choice([each for each in program.station.mechanisms if _wishes(each.kind)])
        content = self._wish(mechanism)
        sequence = serial_next(program.mechanism(mechanism.name).mailbox.memory.accepted)
        epoch = program.gate.memory.epoch
        frame = Frame.build(epoch=epoch, boot_id=program.boot_id, content=content, sequence=sequence)
        self._world.foreign.add((program.name, mechanism.name, sequence, content))
        end = self._world.storm.trouble("another host")
        self._write(program, unit, program.station.mailbox(mechanism.name), frame.to_words())
        await asyncio.sleep(strike.hold_s)
        end()

    async def _write_junk(self, strike: Strike) -> None:
        program, unit = self._struck(strike)
        station, rng = program.station, self._scene.dice()
        targets = [station.mailbox(each.name) for each in station.mechanisms]
        if strike.where % 2:
            targets.append(station.controller_block)

        async def write() -> None:
            address = rng.choice((*targets, rng.randrange(SPACE)))
            words = [rng.randrange(0x10000) for _ in range(rng.choice((1, 2, FRAME_WORDS, 12)))]
            self._write(program, unit, address, words)

        await self._keep_on(strike, LOOK_S, write)

    async def _look_around(self, strike: Strike) -> None:
        unit, rng = self._struck(strike)[1], self._scene.dice()

        async def read() -> None:
            address, count = rng.randrange(SPACE), rng.randint(1, 125)
            with suppress(ModbusRefusal):
                unit.read_input(address, count)
            with suppress(ModbusRefusal):
                unit.read_holding(address, count)
            self._scene.did["register read"] += 1

        await self._keep_on(strike, LOOK_S, read)

    def _struck(self, strike: Strike) -> tuple[StationProgram[Any], Unit]:
        name = self._scene.station(strike)
        program = next(each for each in self._world.programs if each.name == name)
        bus = next(bus for bus, its in self._world.tower.bus.items() if name in its.stations)
        return program, self._world.units(bus)[program.unit]

    async def _keep_on(self, strike: Strike, pause_s: float, act: Callable[[], Awaitable[None]]) -> None:
        until_s = self._world.now + strike.hold_s
        end = self._world.storm.trouble("another host")
        while self._world.now < until_s:
            await act()
            await asyncio.sleep(pause_s)
        end()

    def _write(self, program: StationProgram[Any], unit: Unit, address: int, words: Sequence[int]) -> None:
        self._world.touch()
        with suppress(ModbusRefusal):
            unit.write(address, words)
            self._scene.did["foreign write"] += 1
            self._world.note("foreign write", [program.name, address, len(words)])
        self._world.touched()

    def _wish(self, mechanism: Mechanism) -> Content:
        """Draw a command that a mechanism may just do."""
        shape = self._world.tower.shape
        place = self._rng.choice((*shape.rooms, *shape.bays))
        pose = shape.poses[place]
        opcode = self._rng.choice(_wishes(mechanism.kind))
        match opcode, mechanism.kind:
            case Opcode.MOVE_TO, MechanismKind.LIFT:
                return Content(opcode, pose.height_mm, place)
            case Opcode.MOVE_TO, _:
                return Content(opcode, pose.angle_mdeg, place)
            case (Opcode.PICK | Opcode.PLACE), _:
                docked = self._world.plant.truth().carriage.docked
                return Content(opcode, docked or place)
            case (Opcode.UNLATCH | Opcode.LATCH), _:
                docked = self._world.plant.truth().carriage.docked
                return Content(opcode, (docked or place) % 100)
            case _:
                return Content(opcode)


def _wishes(kind: MechanismKind) -> tuple[Opcode, ...]:
    """Return what an intruder asks a mechanism for: what moves something, and its stop."""
    return {
        MechanismKind.LIFT: (Opcode.MOVE_TO, Opcode.HOME, Opcode.STOP),
        MechanismKind.TURNTABLE: (Opcode.MOVE_TO, Opcode.HOME, Opcode.STOP),
        MechanismKind.SHUTTLE: (Opcode.PICK, Opcode.PLACE, Opcode.RETRACT, Opcode.STOP),
        MechanismKind.INNER_DOOR: (Opcode.OPEN, Opcode.CLOSE),
        MechanismKind.OUTER_GATE: (Opcode.OPEN, Opcode.CLOSE),
        MechanismKind.LATCHES: (Opcode.UNLATCH, Opcode.LATCH),
    }.get(kind, ())
