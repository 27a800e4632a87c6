"""A port, or one of its mutants, against the hostile slaves of either wire, in virtual time."""

import random
import sys
from types import ModuleType

import hal.modbus_link  # noqa: F401 - the parts must be loaded before copies of them are made
from hal.crc16 import crc16
from sim_plc.rehearsal.loop import run
from tests.support.hostile import HostileLine, HostileServer, Times
from tests.support.judge_port import Tally, judge
from tests.support.memory_channel import MemoryLine, MemoryStream
from tests.support.mutants import PARTS

BAUD, BITS = 115_200, 11

TCP = Times(timeout_s=0.3, late_s=1.2)
LINE = Times(timeout_s=0.04, late_s=0.12)

Port = dict[str, ModuleType]


def port() -> Port:
    """The port as it is."""
    return {name: sys.modules[name] for name in PARTS}


def server(seed: int) -> HostileServer:
    return HostileServer(random.Random(seed), TCP)


def line(seed: int) -> HostileLine:
    return HostileLine(random.Random(seed), LINE, BITS / BAUD)


def over_tcp(port: Port, slave: HostileServer, seed: int, exchanges: int, *, abreast: bool = False) -> Tally:
    """Three time-outs show a half-open connection, and noise may cost one more."""
    link, framing = port["hal.modbus_link"], port["hal.modbus_framing"]
    one = link.ModbusLink(
        MemoryStream(slave), framing.MbapFraming(), link.tcp_timing(TCP.timeout_s), link.TCP_UNITS
    )
    return run(judge(one, slave, seed, exchanges, deaf_s=5 * TCP.timeout_s, abreast=abreast))


def over_line(port: Port, slave: HostileLine, seed: int, exchanges: int, *, abreast: bool = False) -> Tally:
    """A drained line hears the next answer."""
    link, framing = port["hal.modbus_link"], port["hal.modbus_framing"]
    timing = link.line_timing(BAUD, BITS, timeout_s=LINE.timeout_s, reply_max_s=LINE.late_s)
    one = link.ModbusLink(MemoryLine(slave, BITS / BAUD), framing.RtuFraming(crc16), timing, link.LINE_UNITS)
    return run(judge(one, slave, seed, exchanges, deaf_s=LINE.timeout_s + 2 * LINE.late_s, abreast=abreast))
