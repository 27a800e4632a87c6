"""Whether a secured bus has what it takes, and an open one nothing that it would not use."""

from collections.abc import Iterator
from typing import Final

from config.faults import Fault
from config.rules.rule import Rule
from config.schema import TcpBus, Tower
from config.sources import Sources

OPEN_PORT: Final = 502
SECURED_PORT: Final = 802
"""Assigned ports of Modbus TCP and of Modbus/TCP Security."""


def files_are_named(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand authority, certificate and key of a secured bus."""
    for name, bus in tower.bus.items():
        if isinstance(bus, TcpBus) and bus.security == "tls":
            for key, file in (("ca", bus.ca), ("certificate", bus.certificate), ("key", bus.key)):
                if not file:
                    allowed = "path of a PEM file"
                    yield sources.fault(("bus", name, key), "a secured bus needs this file", allowed=allowed)


def files_are_used(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that who names certificates also has them used: such a bus is thought to be secured."""
    for name, bus in tower.bus.items():
        if isinstance(bus, TcpBus) and bus.security == "none" and (bus.ca or bus.certificate or bus.key):
            message = "the bus names certificates but is not secured"
            yield sources.fault(("bus", name, "security"), message, allowed='"tls"', value=bus.security)


def port_is_the_secured_one(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand another port than the one on which every PLC speaks in the open."""
    for name, bus in tower.bus.items():
        if isinstance(bus, TcpBus) and bus.security == "tls" and bus.port == OPEN_PORT:
            message = "is the port of open Modbus TCP"
            yield sources.fault(("bus", name, "port"), message, allowed=f"usually {SECURED_PORT}", value=bus.port)


RULES: Final = (
    Rule("tls-files", (), files_are_named),
    Rule("tls-unused", (), files_are_used),
    Rule("tls-port", (), port_is_the_secured_one),
)
