"""Faults of the bytes on a wire: framing, ids, segments, and what noise makes of a serial line.

They strike only where the wire carries bytes: there the product's own link stands against them.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from sim_plc.rehearsal.faults.letter import Act, Letter, Scene, Strike
from sim_plc.rehearsal.memory_link import Fault

_HOLD_S: Final = (1.0, 60.0)


def _letter(name: str, text: str) -> Letter:
    return Letter(name, text, _HOLD_S, of_bytes=True)


SPLIT: Final = _letter("SPLIT", "answers come in pieces")
MERGED: Final = _letter("MERGED", "answers come together with earlier ones in one segment")
TWICE: Final = _letter("TWICE", "answers come twice")
REORDER: Final = _letter("REORDER", "answers come in another order")
LATE_REPLY: Final = _letter("LATE_REPLY", "answers come behind their time-out, as if they were the next one's")
WRONG_ID: Final = _letter("WRONG_ID", "answers have another transaction's id")
WRONG_UNIT: Final = _letter("WRONG_UNIT", "answers have another unit's id")
SHORT: Final = _letter("SHORT", "the length of answers is given too short")
LONG: Final = _letter("LONG", "the length of answers is given too long")
RESET_INSIDE: Final = _letter("RESET_INSIDE", "connections are reset at any byte of an answer")
CRC_NOISE: Final = _letter("CRC_NOISE", "bits of requests and answers on a line are turned")
BYTE_LOST: Final = _letter("BYTE_LOST", "characters on a line get lost")
BYTE_ADDED: Final = _letter("BYTE_ADDED", "characters on a line are added")
PARITY: Final = _letter("PARITY", "characters on a line come with a turned bit")
ECHO: Final = _letter("ECHO", "a line's adapter hears itself")
OTHER_SLAVE: Final = _letter("OTHER_SLAVE", "another station of a line answers")

ANY: Final[Mapping[Letter, Fault]] = {SPLIT: Fault.PIECES, LATE_REPLY: Fault.LATE_ANSWER}

OF_STREAMS: Final[Mapping[Letter, Fault]] = {
    MERGED: Fault.MERGED,
    TWICE: Fault.TWICE,
    REORDER: Fault.OVERTAKEN,
    WRONG_ID: Fault.WRONG_ID,
    WRONG_UNIT: Fault.WRONG_UNIT,
    SHORT: Fault.SHORT,
    LONG: Fault.LONG,
    RESET_INSIDE: Fault.RESET_INSIDE,
}

OF_LINES: Final[Mapping[Letter, Fault]] = {
    CRC_NOISE: Fault.NOISE,
    BYTE_LOST: Fault.BYTE_LOST,
    BYTE_ADDED: Fault.BYTE_ADDED,
    PARITY: Fault.PARITY,
    ECHO: Fault.ECHO,
    OTHER_SLAVE: Fault.OTHER_SLAVE,
}

FAULTS: Final[Mapping[Letter, Fault]] = {**ANY, **OF_STREAMS, **OF_LINES}

LEAST, MOST = 0.01, 0.5
"""Of the requests of a bus: the share that is struck."""


class ByteFaults:
    """Plays them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.acts: Mapping[Letter, Act] = dict.fromkeys(FAULTS, self._strike)

    async def _strike(self, strike: Strike) -> None:
        kind = "tcp" if strike.kind in OF_STREAMS else "rtu" if strike.kind in OF_LINES else ""
        bus, fault = self._scene.bus(strike, kind), FAULTS[strike.kind]
        dice = self._scene.dice()
        share = 1.0 if fault in (Fault.ECHO, Fault.PIECES) else dice.uniform(LEAST, MOST)

        def decide(name: str, _function: int, _unit: int) -> Fault:
            return fault if name == bus and dice.random() < share else Fault.NONE

        end = self._scene.world.storm.befall(decide)
        await asyncio.sleep(strike.hold_s)
        end()
