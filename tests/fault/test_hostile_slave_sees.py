"""Each check of the port is taken away, one by one: the judge of hostile slaves must tell each time."""

import pytest

from tests.support.hostile_runs import line, over_line, over_tcp, server
from tests.support.judge_port import Accepted, Deaf
from tests.support.mutants import port_with

FRAMING, REQUEST, LINK, SILENCE = "hal.modbus_framing", "hal.modbus_request", "hal.modbus_link", "hal.line_silence"

OVER_TCP = {
    "transaction": (FRAMING, "if self._waiting and transaction == self._transaction:", "if self._waiting:"),
    "unit": (FRAMING, "if unit != self._unit:", "if False:"),
    "protocol": (FRAMING, "if protocol != 0 or not", "if not"),
    "length": (REQUEST, "if len(pdu) == self.answer_size and", "if len(pdu) >= self.answer_size and"),
    "function, byte count and echo": (REQUEST, " and pdu.startswith(self.answer_head):", ":"),
    "function of an exception": (REQUEST, "if pdu[0] == self.function | 0x80 and", "if pdu[0] & 0x80 and"),
    "length of an exception": (REQUEST, "self.function | 0x80 and len(pdu) == 2:", "self.function | 0x80:"),
    "half-open connection": (LINK, "if self._timing.max_unanswered is not None and", "if False and"),
}
OVER_LINE = {
    "silence after a failure": (LINK, "            if not answered:\n", "            if False:\n"),
    "silence between frames": (SILENCE, "min(self._heard_at + self._gap_s, self._give_up_at)", "0.0"),
    "check sum": (FRAMING, "if size and self._crc(frame[:-2]) == frame[-2:]:", "if size:"),
    "unit": (FRAMING, "if self._head.startswith(rest):", "if self._head[1:].startswith(rest[1:]):"),
}
ENOUGH = 4_000
"""Exchanges within which each is seen, whatever the seed; most in the first hundred."""

SEEN = (Accepted, Deaf)


@pytest.mark.parametrize("check", OVER_TCP)
def test_a_port_without_a_check_is_seen_over_tcp(check: str) -> None:
    with pytest.raises(SEEN) as seen:
        over_tcp(port_with(*OVER_TCP[check]), server(7), 7, ENOUGH)
    print(f"\nwithout {check}: {seen.value}")


@pytest.mark.parametrize("check", OVER_LINE)
def test_a_port_without_a_check_is_seen_over_a_line(check: str) -> None:
    with pytest.raises(SEEN) as seen:
        over_line(port_with(*OVER_LINE[check]), line(7), 7, ENOUGH)
    print(f"\nwithout {check}: {seen.value}")
