"""Who a station is: function 43 / 14, Read Device Identification (application protocol V1.1b3, section 6.21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import MAP_VERSION
from sim_plc.unit import ExceptionCode, ModbusRefusal

FUNCTION: Final = 43
MEI_TYPE: Final = 14

_HEAD_BYTES: Final = 7
"""Function, MEI type, read code, conformity, more-follows, next object, number of objects."""

_ROOM: Final = 253 - _HEAD_BYTES
"""Bytes for objects in one answer; each takes its id and its length beside its value, and is never divided."""

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
            if len(value) > _ROOM - 2:
                raise ValueError(f"object {key:#x} has {len(value)} bytes, an answer holds {_ROOM - 2}")

    @property
    def conformity(self) -> int:
        """The level of what is there; its high bit says that objects may be asked for one by one."""
        highest = max(self.objects)
        return 0x80 | (1 if highest <= _BASIC_LAST else 2 if highest <= _REGULAR_LAST else 3)

    def answer(self, body: bytes) -> bytes:
        """Return the answer PDU to a request without its function code.

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
        if code == _INDIVIDUAL:
            return self._individual(first)
        if code not in _STREAM_LAST:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
        return self._stream(code, first)

    def _individual(self, key: int) -> bytes:
        if key not in self.objects:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        return self._packed(_INDIVIDUAL, [key], following=None)

    def _stream(self, code: int, first: int) -> bytes:
        """Return the objects of a category from ``first`` on, as many as fit.

        Every category begins with what the lower ones hold. A stream that is asked to begin at an object that it
        does not have begins at object 0.
        """
        keys = sorted(key for key in self.objects if key <= _STREAM_LAST[code])
        left = keys[keys.index(first) :] if first in keys else keys
        room = _ROOM
        for number, key in enumerate(left):
            room -= 2 + len(self.objects[key])
            if room < 0:
                return self._packed(code, left[:number], following=key)
        return self._packed(code, left, following=None)

    def _packed(self, code: int, keys: list[int], *, following: int | None) -> bytes:
        more = (0x00, 0x00) if following is None else (0xFF, following)
        head = bytes((FUNCTION, MEI_TYPE, code, self.conformity, *more, len(keys)))
        return head + b"".join(bytes((key, len(self.objects[key]))) + self.objects[key] for key in keys)


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
