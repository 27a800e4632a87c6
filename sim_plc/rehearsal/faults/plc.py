"""Faults of the PLCs: restarts with and without their memory, programs that stand, scan late or are exchanged."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from hal.plcmap.codes import ProgramState
from hal.plcmap.registers import Block
from sim_plc.rehearsal.bent_unit import Bend
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.memory_link import Fault

PLC_WARM: Final = Letter("PLC_WARM", "the tower PLC restarts with its memory")
PLC_COLD: Final = Letter("PLC_COLD", "the tower PLC restarts without its memory")
BAYS_WARM: Final = Letter("BAYS_WARM", "a bay controller restarts with its memory")
BAYS_COLD: Final = Letter("BAYS_COLD", "a bay controller restarts without its memory")
HALT: Final = Letter("HALT", "a PLC goes to STOP: its outputs are off, and it answers", (0.2, 30.0))
DEAD_PLC: Final = Letter("DEAD_PLC", "a PLC goes to STOP, and answers nothing", (0.2, 30.0))
DOWNLOAD: Final = Letter("DOWNLOAD", "a PLC gets a program of another tower, and its own again", (2.0, 40.0))
OVERRUN: Final = Letter("OVERRUN", "the scans of a PLC come late", (0.5, 30.0))
BROWN_OUT: Final = Letter("BROWN_OUT", "the power of a PLC dips three times within ten seconds", (10.0, 10.0))

LATE_SCAN_S: Final = (0.05, 0.5)

DIPS: Final = 3
DIP_S: Final = (0.1, 1.0)


class PlcFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            **dict.fromkeys((PLC_WARM, PLC_COLD, BAYS_WARM, BAYS_COLD), self._restart),
            HALT: self._halt,
            DEAD_PLC: self._die,
            DOWNLOAD: self._download,
            OVERRUN: self._overrun,
            BROWN_OUT: self._brown_out,
        }

    async def _restart(self, strike: Strike) -> None:
        of_bays = strike.kind in (BAYS_WARM, BAYS_COLD)
        names = [program.name for program in self._world.programs if (program.name != "tower") is of_bays]
        warm = strike.kind in (PLC_WARM, BAYS_WARM)
        self._world.cabinets.restart(names[strike.where % len(names)], warm=warm)

    async def _halt(self, strike: Strike) -> None:
        name = self._scene.station(strike)
        shows = _Shows(self._world.tower.maps[name].identity, {"program_state": int(ProgramState.STOPPED)})
        end, run = self._world.storm.bend(name, shows), self._world.cabinets.stop(name)
        await asyncio.sleep(strike.hold_s)
        end()
        run()

    async def _die(self, strike: Strike) -> None:
        await self._dark(self._scene.station(strike), strike.hold_s)

    async def _brown_out(self, strike: Strike) -> None:
        name, dice = self._scene.station(strike), self._scene.dice()
        for _ in range(DIPS):
            dark_s = dice.uniform(*DIP_S)
            await self._dark(name, dark_s)
            await asyncio.sleep(dice.uniform(0.2, strike.hold_s / DIPS - dark_s))

    async def _dark(self, name: str, hold_s: float) -> None:
        """Let a PLC's outputs be off and nothing answer; it starts with its memory, and knows no connection."""
        unit = self._world.tower.maps[name].unit

        def decide(_bus: str, _function: int, asked: int) -> Fault:
            return Fault.LOSE_REQUEST if asked == unit else Fault.NONE

        end = self._world.storm.befall(decide)
        run = self._world.cabinets.stop(name)
        await asyncio.sleep(hold_s)
        end()
        run()
        bus = next(bus for bus, its in self._world.tower.bus.items() if name in its.stations)
        if self._world.tower.bus[bus].kind == "tcp":
            self._world.hang_up(bus)

    async def _download(self, strike: Strike) -> None:
        name = self._scene.station(strike)
        station = self._world.tower.maps[name]
        wrong = {"map_version": 99} if strike.where % 2 else {"table_crc": 0xBAD}
        end = self._world.storm.bend(name, _Shows(station.identity, wrong))
        self._world.cabinets.restart(name)
        await asyncio.sleep(strike.hold_s)
        end()
        self._world.cabinets.restart(name)

    async def _overrun(self, strike: Strike) -> None:
        dice = self._scene.dice()
        end = self._world.storm.trouble("late scans")
        catch_up = self._world.cabinets.delay_scans(self._scene.station(strike), lambda: dice.uniform(*LATE_SCAN_S))
        await asyncio.sleep(strike.hold_s)
        catch_up()
        end()


class _Shows(Bend):
    """Puts values into fields of one block."""

    def __init__(self, block: Block, values: Mapping[str, int]) -> None:
        self._address = block.address
        self._values = {block.offset(name): value for name, value in values.items()}

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Return the block with these values."""
        if address != self._address:
            return words
        shown = list(words)
        for offset, value in self._values.items():
            shown[offset] = value
        return shown
