"""What a server needs of one Modbus unit: registers that can refuse. No transport, no clock."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol


class ExceptionCode(IntEnum):
    """Modbus exception codes (V1.1b3, section 7)."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4
    ACKNOWLEDGE = 5
    """It goes on with the request, and has nothing to show for it yet."""
    SERVER_DEVICE_BUSY = 6


class ModbusRefusal(Exception):
    """The unit refuses a request; it changed nothing."""

    def __init__(self, code: ExceptionCode) -> None:
        super().__init__(code.name)
        self.code = code


class Unit(Protocol):
    """Registers of one station. Calls are atomic: a write lands whole or is refused whole."""

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers.

        Raises:
            ModbusRefusal: an address that is not declared.

        """
        ...

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return holding registers.

        Raises:
            ModbusRefusal: an address that is not declared.

        """
        ...

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write holding registers; the program sees them at its next scan.

        Raises:
            ModbusRefusal: an address that is not declared or not the controller's.

        """
        ...
