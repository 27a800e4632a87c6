"""CRC-16/MODBUS: polynomial 0xA001 reflected, start 0xFFFF (serial line V1.02, section 6.2.2)."""

from typing import Final


def _of_byte(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


_TABLE: Final = tuple(_of_byte(value) for value in range(256))
"""In a flat tuple: a frame of 200 bytes costs a quarter of a library's."""


def crc16(data: bytes) -> int:
    """Return the check sum of bytes, in the order in which they stand on a line."""
    table, crc = _TABLE, 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc
