"""Faults of the wires between daemon and PLCs, as requests meet them."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Final

from sim_plc.rehearsal.bent_unit import Bend
from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.memory_link import Fault, Shut
from sim_plc.unit import ExceptionCode, ModbusRefusal

CUT: Final = Letter("CUT", "a cable is out, and in again", (0.1, 20.0))
NOISE: Final = Letter("NOISE", "requests and answers get lost, late or doubled", (1.0, 60.0))
LOSE: Final = Letter("LOSE", "requests get lost on their way", (1.0, 60.0))
DEAF: Final = Letter("DEAF", "requests arrive, and their answers get lost", (1.0, 60.0))
LATE: Final = Letter("LATE", "requests come out of a gateway's buffer long after they were given up", (1.0, 60.0))
DOUBLE: Final = Letter("DOUBLE", "requests arrive twice, the second time late", (1.0, 60.0))
SLOW: Final = Letter("SLOW", "answers come slowly, most in time", (1.0, 60.0))
RESET_BEFORE: Final = Letter("RESET_BEFORE", "connections are reset before requests arrive", (0.5, 30.0))
RESET_BEHIND: Final = Letter("RESET_BEHIND", "connections are reset behind requests, before their answers", (0.5, 30.0))
REFUSE: Final = Letter("REFUSE", "a PLC ends its connections and refuses new ones", (0.1, 20.0))
SLOTS: Final = Letter("SLOTS", "others take every connection that a PLC can bear: attempts hang", (0.5, 20.0))
HALF_OPEN: Final = Letter("HALF_OPEN", "a peer goes without a word: its connections seem to stand", (0.1, 20.0))
ADAPTER: Final = Letter("ADAPTER", "the adapter of a serial line vanishes, and returns", (0.5, 20.0))
EXCEPTION: Final = Letter("EXCEPTION", "a station answers with Modbus exceptions", (0.1, 10.0))

BEFALLS: Final[Mapping[Letter, tuple[Fault, ...]]] = {
    NOISE: (
        Fault.LOSE_REQUEST,
        Fault.LOSE_ANSWER,
        Fault.DELAY,
        Fault.DUPLICATE,
        Fault.CUT,
        Fault.CUT_AFTER,
        Fault.SLOW,
    ),
    LOSE: (Fault.LOSE_REQUEST,),
    DEAF: (Fault.LOSE_ANSWER,),
    LATE: (Fault.DELAY,),
    DOUBLE: (Fault.DUPLICATE,),
    SLOW: (Fault.SLOW, Fault.SLOW, Fault.SLOW, Fault.LOSE_ANSWER),
    RESET_BEFORE: (Fault.CUT,),
    RESET_BEHIND: (Fault.CUT_AFTER,),
}
"""What befalls single requests of one bus."""

LEAST, MOST = 0.01, 0.3
"""Of the requests of a bus: the share that something befalls."""


class WireFaults:
    """Plays them. They may overlap: of several that befall a request the youngest has its way."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._world = scene.world
        self.acts: Mapping[Letter, Act] = {
            **dict.fromkeys(BEFALLS, self._befall),
            CUT: self._cut,
            REFUSE: self._shut,
            SLOTS: self._shut,
            HALF_OPEN: self._half_open,
            ADAPTER: self._shut,
            EXCEPTION: self._exceptions,
        }

    async def _cut(self, strike: Strike) -> None:
        bus = self._scene.bus(strike)
        self._world.pull_cable(bus, out=True)
        await asyncio.sleep(strike.hold_s)
        self._world.pull_cable(bus, out=False)

    async def _befall(self, strike: Strike) -> None:
        bus, faults, dice = self._scene.bus(strike), BEFALLS[strike.kind], self._scene.dice()
        share = dice.uniform(LEAST, MOST)

        def decide(name: str, _function: int, _unit: int) -> Fault:
            struck = name == bus and dice.random() < share
            return dice.choice(faults) if struck else Fault.NONE

        end = self._world.storm.befall(decide)
        await asyncio.sleep(strike.hold_s)
        end()

    async def _shut(self, strike: Strike) -> None:
        bus = self._scene.bus(strike, "rtu" if strike.kind == ADAPTER else "tcp")
        end = self._world.storm.close(bus, Shut.FULL if strike.kind == SLOTS else Shut.REFUSED)
        self._world.hang_up(bus)
        await asyncio.sleep(strike.hold_s)
        end()

    async def _half_open(self, strike: Strike) -> None:
        bus = self._scene.bus(strike, "tcp")
        end = self._world.storm.close(bus, Shut.FULL)
        self._world.fall_mute(bus)
        await asyncio.sleep(strike.hold_s)
        end()

    async def _exceptions(self, strike: Strike) -> None:
        code = ExceptionCode(1 + strike.where % 6)
        self._scene.did[f"exception {code:d}"] += 1
        dice = self._scene.dice()
        bend = _Refusing(dice, code, dice.choice((0.1, 0.5, 1.0)))
        end = self._world.storm.bend(self._scene.station(strike), bend)
        await asyncio.sleep(strike.hold_s)
        end()


class _Refusing(Bend):
    """Answers a share of all requests with one exception."""

    def __init__(self, rng: random.Random, code: ExceptionCode, share: float) -> None:
        self._rng = rng
        self._code = code
        self._share = share

    def read(self, address: int, words: Sequence[int]) -> Sequence[int]:
        """Refuse some."""
        del address
        self._refuse_some()
        return words

    def write(self, address: int, words: Sequence[int]) -> bool:
        """Refuse some, before anything was written."""
        del address, words
        self._refuse_some()
        return True

    def _refuse_some(self) -> None:
        if self._rng.random() < self._share:
            raise ModbusRefusal(self._code)
