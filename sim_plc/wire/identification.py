"""Who a station is: function 43 / 14, Read Device Identification (application protocol V1.1b3, section 6.21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from hal.plcmap.codes import MAP_VERSION
from sim_plc.unit import ExceptionCode, ModbusRefusal

FUNCTION: Final = 43
MEI_TYPE: Final = 14

_LONGEST: Final = 253 - 7 - 2
"""Bytes of a value: a PDU less its seven bytes of head, and the object's id and length. Objects are never divided."""

_BASIC_LAST: Final = 0x02
_REGULAR_LAST: Final = 0x06
_PRIVATE_FIRST: Final = 0x80
_STREAM_LAST: Final[Mapping[int, int]] = {1: _BASIC_LAST, 2: _REGULAR_LAST, 3: 0xFF}
"""Read codes of the streams, basic, regular and extended, and the last object that each may hold."""

_INDIVIDUAL: Final = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """A device's objects by their id: 0 to 2 (vendor, product code, revision), perhaps 3 to 6 and 0x80 to 0xFF.

    Raises:
        ValueError: one of the first three is missing, an id is reserved, or a value does not fit into an answer.

    """

    objects: Mapping[int, bytes]

    def __post_init__(self) -> None:
        if not {0, 1, 2} <= self.objects.keys():
            raise ValueError("vendor, product code and revision are mandatory")
        for key, value in self.objects.items():
            if not (0 <= key <= _REGULAR_LAST or _PRIVATE_FIRST <= key <= 0xFF):
                raise ValueError(f"object {key:#x} is reserved")
            if len(value) > _LONGEST:
                raise ValueError(f"object {key:#x} has {len(value)} bytes, an answer holds {_LONGEST}")

    @property
    def conformity(self) -> int:
        """The level of what is there; its high bit says that objects may be asked for one by one."""
        highest = max(self.objects)
        return 0x80 | (1 if highest <= _BASIC_LAST else 2 if highest <= _REGULAR_LAST else 3)

    def answer(self, body: bytes) -> ReadDeviceInformationResponse:
        """Return the answer to a request without its function code; it holds as many objects as fit.

        Raises:
            ModbusRefusal: another MEI type (1), an unknown object asked for by itself (2), a wrong code or length (3).

        """
        if not body:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
        if body[0] != MEI_TYPE:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)
        if len(body) != 3:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
        code, first = body[1:]
        reply = ReadDeviceInformationResponse(code, {key: self.objects[key] for key in self._asked_for(code, first)})
        reply.conformity = self.conformity
        return reply

    def _asked_for(self, code: int, first: int) -> list[int]:
        """Return the one object, or those of a category from ``first`` on.

        Every category begins with what the lower ones hold. A stream that is asked to begin at an object that it
        does not have begins at object 0.
        """
        if code == _INDIVIDUAL:
            if first not in self.objects:
                raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
            return [first]
        if code not in _STREAM_LAST:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
        keys = sorted(key for key in self.objects if key <= _STREAM_LAST[code])
        return keys[keys.index(first) :] if first in keys else keys


IDENTITY: Final = Identity(
    {
        0x00: b"cartower",
        0x01: b"CT-PLC",
        0x02: b"1.0",
        0x04: b"cartower station",
        0x05: b"software PLC",
        0x06: b"car vending tower",
        0x80: b"register map %d" % MAP_VERSION,
    }
)
"""What the stations here say of themselves; the private object names the register table they keep to."""
