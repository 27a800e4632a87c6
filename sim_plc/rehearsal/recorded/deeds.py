"""What of a recording the daemon of now must do again, and the words in which each deed is compared.

Compared are, each in its own order and within the tape's tolerance: the commands written to each mailbox (sequence,
operation, arguments, expected-from; the identical command written again counts once, since a mailbox is a level), each
station's epochs, the answer to each request, and what was told of the unit, its mode, each job, each room and each look
into a bay. Alarms are not. Between two of these nothing is compared: which of two comes first hangs on milliseconds.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from config.schema import Tower
from hal.plcmap.codes import Opcode, State
from hal.plcmap.frame import Frame, join32
from hal.plcmap.registers import StationMap, station_maps
from sim_plc.rehearsal.recorded.folder import Line
from sim_plc.rehearsal.recorded.tape import Deed

Words = tuple[int, ...]


def words_of(text: str) -> Words:
    """Return the registers of a recorded line."""
    data = bytes.fromhex(text)
    return tuple(int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))


def deeds_of(tower: Tower, lines: Iterable[Line]) -> Iterator[Deed]:
    """Yield everything that the daemon did in a recorded run."""
    maps = {station.unit: station for station in station_maps(tower.shape).values()}
    writes = Writes()
    for line in lines:
        match line["is"]:
            case "wire" if "wrote" in line:
                said = writes.take(maps[line["unit"]], line["to"], words_of(line["wrote"]))
                if said is not None:
                    yield Deed(line["since"], *said)
            case "answered":
                yield Deed(line["t"], f"answer {line['number']}", answer_said(line))
            case "told":
                told = told_said(line["event"])
                if told is not None:
                    yield Deed(line["t"], *told)


class Writes:
    """What is new in what a daemon writes: a channel, and what is said there."""

    def __init__(self) -> None:
        self._epochs: dict[str, int] = {}
        self._frames: dict[str, str] = {}

    def take(self, station: StationMap, address: int, words: Words) -> tuple[str, str] | None:
        """Take a write; None: it says the same as the one before."""
        if address == station.controller_block:
            channel, epoch = f"{station.name} epoch", join32(*words[:2])
            new, self._epochs[channel] = self._epochs.get(channel) != epoch, epoch
            # Numbers of epochs follow from which station was there first: what counts is that there is another one.
            return (channel, "another epoch") if new else None
        channel, said = mailbox(station, address), frame_said(Frame.from_words(words))
        new, self._frames[channel] = self._frames.get(channel) != said, said
        return (channel, said) if new else None


def mailbox(station: StationMap, address: int) -> str:
    """Return the full name of the mechanism whose mailbox stands at an address."""
    return next(f"{station.name}/{each.name}" for each in station.mechanisms if station.mailbox(each.name) == address)


def frame_said(frame: Frame) -> str:
    """Return a command in words, without the epoch and boot id that it is meant for."""
    asked = frame.content
    try:
        operation, state = Opcode(asked.opcode).name, State(asked.expected_from).name
    except ValueError:
        operation, state = f"operation {asked.opcode}", f"state {asked.expected_from}"
    origin = "" if asked.expected_from == State.ANY else f" from {state}"
    return f"{frame.sequence} {operation}({asked.argument1}, {asked.argument2}){origin}"


def answer_said(line: Mapping[str, Any]) -> str:
    """Return an answer, or the rule that refused, as a recording has it."""
    return f"refused: {line['rule']}" if "rule" in line else json.dumps(line["answer"], sort_keys=True, default=str)


def told_said(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the channel of an event and what it says; None: it is not compared."""
    tell = _TOLD.get(str(event["event"]))
    return None if tell is None else tell(event)


def _unit(event: Mapping[str, Any]) -> tuple[str, str]:
    return "unit", f"{event['was']} -> {event['state']}"


def _mode(event: Mapping[str, Any]) -> tuple[str, str]:
    return "mode", f"{event['was']} -> {event['mode']}"


def _job(event: Mapping[str, Any]) -> tuple[str, str]:
    why = f" ({event['reason']})" if event["reason"] else ""
    return f"job {event['job']}", f"{event['kind']} of {event['car']}: {event['was']} -> {event['state']}{why}"


def _room(event: Mapping[str, Any]) -> tuple[str, str]:
    return f"room {event['room']}", f"{event['was']} -> {event['state']}"


def _audit(event: Mapping[str, Any]) -> tuple[str, str]:
    return "looks into bays", f"{event['place']}: {event['finding']}"


_TOLD: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]]] = MappingProxyType(
    {"unit_state": _unit, "unit_mode": _mode, "job_state": _job, "room_state": _room, "audit": _audit}
)
