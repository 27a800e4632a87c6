"""From a bus of the configuration to its link: part of the composition root."""

from pathlib import Path

from config.budget import line_loads
from config.schema import RtuBus, TcpBus, Tower
from hal.modbus_link import ModbusLink, RtuLink, Tap, TcpLink
from hal.tls import Security, TlsFiles, security_of


def link_of(tower: Tower, run_dir: Path, name: str, tap: Tap | None = None) -> ModbusLink:
    """Return the link of a bus, not connected yet; relative files and devices stand in ``run_dir``.

    Raises:
        BadCredentials: the bus is secured, and our certificate or key is of no use.

    """
    bus = tower.bus[name]
    match bus:
        case TcpBus():
            return TcpLink(bus.host, bus.port, timeout_s=bus.timeout_s, security=_security(bus, run_dir), tap=tap)
        case RtuBus():
            return RtuLink(
                str(run_dir / bus.device),
                baud=bus.baud,
                parity=bus.parity,
                stop_bits=bus.stop_bits,
                timeout_s=bus.timeout_s,
                reply_max_s=max(line.longest_s for line in line_loads(tower) if line.bus == name),
                tap=tap,
            )


def _security(bus: TcpBus, run_dir: Path) -> Security | None:
    if bus.security == "none":
        return None
    files = (run_dir / bus.ca, run_dir / bus.certificate, run_dir / bus.key)
    return security_of(TlsFiles(*files, bus.server_name or bus.host))
