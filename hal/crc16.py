"""The check sum of Modbus at the end of a frame on a line."""

from hal.plcmap import crc


def crc16(data: bytes) -> bytes:
    """Return the two bytes that follow ``data`` in a frame, low byte first (V1.02, section 6.2.2)."""
    return crc.crc16(data).to_bytes(2, "little")
