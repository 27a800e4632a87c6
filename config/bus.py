"""The wires of a tower: what hangs on which, and how it is spoken to."""

from typing import Annotated, Literal

from pydantic import Field

from config.table import Table


class TcpBus(Table):
    """Modbus TCP."""

    kind: Literal["tcp"]
    """Modbus TCP."""
    host: str = "127.0.0.1"
    """Name or address of the PLC."""
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    """TCP port of the PLC."""
    stations: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    """Stations behind this address: `tower`, and the bay controllers of levels, `bays1` and so on."""
    timeout_s: Annotated[float, Field(ge=0.2, le=0.5)] = 0.3
    """Patience with an answer."""
    fc23: bool = True
    """Whether the stations know FC23; without it the daemon uses FC16 and FC4."""
    security: Literal["none", "tls"] = "none"
    """`tls` is Modbus/TCP Security, with certificates on both sides; its port is 802."""
    ca: str = ""
    """PEM file of who may sign the PLC's certificate; a relative name stands in the run directory."""
    certificate: str = ""
    """PEM file of the daemon's certificate, with its role; a relative name stands in the run directory."""
    key: str = ""
    """PEM file of the daemon's key, closed to others; a relative name stands in the run directory."""
    server_name: str = ""
    """Name that the PLC's certificate must bear; empty: `host`."""


class RtuBus(Table):
    """Modbus RTU on one RS-485 line."""

    kind: Literal["rtu"]
    """Modbus RTU on one RS-485 line."""
    device: Annotated[str, Field(min_length=1)]
    """Serial device; a relative name stands in the run directory."""
    stations: Annotated[tuple[str, ...], Field(min_length=1, max_length=5, strict=False)]
    """Bay controllers on the line, by level: `bays1` and so on."""
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 115200
    """Rate of the line."""
    parity: Literal["E", "O", "N"] = "E"
    """Even, odd or none."""
    stop_bits: Literal[1, 2] = 1
    """Stop bits of a character."""
    timeout_s: Annotated[float, Field(ge=0.2, le=0.5)] = 0.2
    """Patience with an answer."""
    turnaround_s: Annotated[float, Field(ge=0, le=0.1)] = 0.003
    """Slowest silence of a bay controller before its answer."""
    fc23: bool = True
    """Whether the stations know FC23; without it the daemon uses FC16 and FC4."""


Bus = Annotated[TcpBus | RtuBus, Field(discriminator="kind")]
