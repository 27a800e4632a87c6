"""A station on a serial line: it answers, obeys broadcasts, and counts what it hears (V1.02, 2.4.2 and appendix A).

Functions 8 and 11 are for serial lines alone (application protocol V1.1b3, sections 6.8 and 6.9).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sim_plc.unit import ExceptionCode, Unit
from sim_plc.wire.functions import attend, exception
from sim_plc.wire.identification import IDENTITY, Identity

DIAGNOSTICS: Final = 8
COMM_EVENT_COUNTER: Final = 11
BROADCAST_FUNCTIONS: Final = frozenset({16})
"""What all stations do at once: writing commands alone (V1.02, section 2.1). Function 23 wants an answer."""

_ECHO: Final = 0
_CLEAR: Final = 10
_CLEAR_OVERRUNS: Final = 20


@dataclass(slots=True)
class Counters:
    """The counters of appendix A, and that of function 11; all are sent modulo 65536."""

    bus_messages: int = 0
    """Frames with a right check sum, for whomever."""
    bus_errors: int = 0
    exceptions: int = 0
    """Exception answers, and faults found in broadcasts."""
    messages: int = 0
    """Frames for this station, broadcasts included."""
    unanswered: int = 0
    busies: int = 0
    overruns: int = 0
    events: int = 0
    """Requests done without an exception."""


_COUNTS: Final[Mapping[int, Callable[[Counters], int]]] = {
    11: lambda counters: counters.bus_messages,
    12: lambda counters: counters.bus_errors,
    13: lambda counters: counters.exceptions,
    14: lambda counters: counters.messages,
    15: lambda counters: counters.unanswered,
    16: lambda _counters: 0,
    17: lambda counters: counters.busies,
    18: lambda counters: counters.overruns,
}
"""Sub-functions of function 8, and what they return. Nobody here sends the exception that 16 counts."""


class Slave:
    """One station of a line."""

    def __init__(self, unit: Unit, identity: Identity = IDENTITY) -> None:
        self.counters = Counters()
        self._unit = unit
        self._identity = identity

    def overhear(self) -> None:
        """Count a good frame on the line, before it is answered or obeyed."""
        self.counters.bus_messages += 1

    def miss(self, *, overrun: bool) -> None:
        """Count what was no frame; ``overrun``: more characters than a frame can have."""
        self.counters.bus_errors += 1
        self.counters.overruns += overrun

    def answer(self, request: bytes) -> bytes:
        """Return the answer PDU to a request PDU for this station."""
        counters = self.counters
        counters.messages += 1
        reply = self._reply(request)
        if reply[0] & 0x80:
            self._count_exception(reply[1])
        elif request[0] != COMM_EVENT_COUNTER and self.counters is counters:
            counters.events += 1
        return reply

    def obey(self, request: bytes) -> None:
        """Do what a broadcast asks all stations for, without an answer."""
        counters = self.counters
        counters.messages += 1
        counters.unanswered += 1
        if request[0] not in BROADCAST_FUNCTIONS:
            counters.exceptions += 1
            return
        reply = attend(self._unit, request, self._identity)
        if reply[0] & 0x80:
            self._count_exception(reply[1])
        else:
            counters.events += 1

    def _reply(self, request: bytes) -> bytes:
        match request[0]:
            case 8:
                return self._diagnose(request)
            case 11:
                return self._event_counter(request)
            case _:
                return attend(self._unit, request, self._identity)

    def _diagnose(self, request: bytes) -> bytes:
        """Section 6.8. What would change this line's ways (restart, listen only) is not there."""
        if len(request) < 3:
            return exception(DIAGNOSTICS, ExceptionCode.ILLEGAL_DATA_VALUE)
        sub_function, data = int.from_bytes(request[1:3]), request[3:]
        count = _COUNTS.get(sub_function)
        if count is None and sub_function not in (_ECHO, _CLEAR, _CLEAR_OVERRUNS):
            return exception(DIAGNOSTICS, ExceptionCode.ILLEGAL_FUNCTION)
        if len(data) % 2 if sub_function == _ECHO else data != b"\0\0":
            return exception(DIAGNOSTICS, ExceptionCode.ILLEGAL_DATA_VALUE)
        if count is not None:
            return request[:3] + struct.pack(">H", count(self.counters) & 0xFFFF)
        if sub_function == _CLEAR:
            self.counters = Counters()
        elif sub_function == _CLEAR_OVERRUNS:
            self.counters.overruns = 0
        return request

    def _event_counter(self, request: bytes) -> bytes:
        """Section 6.9: nothing here is ever still being processed, so the status is 0."""
        if len(request) != 1:
            return exception(COMM_EVENT_COUNTER, ExceptionCode.ILLEGAL_DATA_VALUE)
        return struct.pack(">BHH", COMM_EVENT_COUNTER, 0, self.counters.events & 0xFFFF)

    def _count_exception(self, code: int) -> None:
        self.counters.exceptions += 1
        self.counters.busies += code == ExceptionCode.SERVER_DEVICE_BUSY
