"""One RS-485 line on a pseudo terminal, with several stations on it, at the pace of its baud rate.

The bytes of a pty arrive at once; here they count as heard, and answers as sent, only when a real line would have
carried their last character. A frame ends with silence, as it does for a real station: noise, half frames and
frames run together are thrown away whole by their check sum, and the next clean request is heard.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim_plc.unit import Unit
from sim_plc.wire.diagnostics import Slave
from sim_plc.wire.identification import IDENTITY, Identity
from sim_plc.wire.pty_device import PtyDevice
from sim_plc.wire.rtu_frames import Listener, outer_silence_s, sealed
from sim_plc.wire_faults import NoFaults, WireFaults

CHARACTER_BITS: Final = 11
"""Start, eight data, parity or second stop, stop (Modbus over serial line V1.02, section 2.5.1)."""

BROADCAST: Final = 0
"""Unit id of all stations (V1.02, section 2.2)."""


@dataclass(frozen=True, slots=True)
class _Sending:
    """A piece on its way: it occupies the line from ``begin_at`` until its timer delivers it."""

    begin_at: float
    timer: asyncio.TimerHandle


class RtuLine:
    """Stations on one line, by unit id; the master opens ``link_path`` like any serial device.

    Frames for unit ids that nobody has are left unanswered and change nothing. A broadcast write is done by every
    station, and answered by none. While a station sends, nothing else is heard. A master that set another baud
    rate is heard as noise. ``turnaround_s`` is the silence between a request and its answer, T3.5 at least.
    ``before`` is called before each request: there the machine's time advances.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        link_path: Path,
        *,
        baud: int,
        character_bits: int = CHARACTER_BITS,
        turnaround_s: float = 0.003,
        before: Callable[[], None] | None = None,
        faults: WireFaults | None = None,
        identity: Identity = IDENTITY,
    ) -> None:
        self._device = PtyDevice(link_path, baud=baud, on_bytes=self._hear)
        self._slaves = {number: Slave(unit, identity) for number, unit in units.items()}
        self._character_s = character_bits / baud
        self._listener = Listener(self, baud=baud, character_s=self._character_s)
        self._turnaround_s = max(turnaround_s, outer_silence_s(baud, self._character_s))
        self._before = before
        self._faults = faults or NoFaults()
        self._serial = 0
        self._sending: dict[int, _Sending] = {}

    async def start(self) -> None:
        """Open the line and put it at its path, in place of whatever link is there.

        Raises:
            OSError: no pseudo terminal, or the path cannot be written.

        """
        self._device.open()

    async def stop(self) -> None:
        """Take the line away, as if its adapter were unplugged. Idempotent."""
        self._listener.forget()
        for sending in self._sending.values():
            sending.timer.cancel()
        self._sending.clear()
        self._device.close()

    def heard(self, frame: bytes, at: float) -> None:
        """Let the stations take a frame; the one that it is for answers."""
        for slave in self._slaves.values():
            slave.overhear()
        unit, request = frame[0], frame[1:-2]
        if unit == BROADCAST:
            self._advance()
            for slave in self._slaves.values():
                slave.obey(request)
        elif unit in self._slaves:
            self._advance()
            self._reply(sealed(frame[:1] + self._slaves[unit].answer(request)), at + self._turnaround_s)

    def misheard(self, *, overrun: bool) -> None:
        """Let the stations count what was no frame; nobody answers."""
        for slave in self._slaves.values():
            slave.miss(overrun=overrun)

    def _advance(self) -> None:
        if self._before is not None:
            self._before()

    def _hear(self, data: bytes) -> None:
        """Take bytes from the master."""
        now = asyncio.get_running_loop().time()
        if any(sending.begin_at <= now for sending in self._sending.values()):
            return
        self._listener.hear(data if self._device.same_speed else b"\xff" * len(data))

    def _reply(self, frame: bytes, due_at: float) -> None:
        free_at = due_at
        for delay_s, piece in self._faults.bend(frame):
            free_at = self._send(max(free_at, due_at + delay_s), piece)

    def _send(self, begin_at: float, piece: bytes) -> float:
        """Deliver ``piece`` when its last character would arrive; return when that is."""
        end_at = begin_at + len(piece) * self._character_s
        self._serial += 1
        timer = asyncio.get_running_loop().call_at(end_at, self._deliver, self._serial, piece)
        self._sending[self._serial] = _Sending(begin_at, timer)
        return end_at

    def _deliver(self, serial: int, piece: bytes) -> None:
        del self._sending[serial]
        self._device.write(piece)
