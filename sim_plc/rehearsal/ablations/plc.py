"""What the PLCs hold by themselves: numbers taken once, memory kept, drives off, standstill in silence."""

import random
from collections.abc import Callable
from typing import Any, Final

from sim_plc.program import handshake, station_program
from sim_plc.program.epoch import EpochGate
from sim_plc.program.positioning import Positioner
from sim_plc.program.retained import StationMemory
from sim_plc.program.tower import TowerProgram
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import answers, shows


def _known_is_new(original: Callable[[int, int], int]) -> object:
    return lambda sequence, accepted: original(sequence, accepted) or 1


def _outdated_is_new(original: Callable[[int, int], int]) -> object:
    return lambda sequence, accepted: 1 if original(sequence, accepted) < 0 else original(sequence, accepted)


def _forgetting(original: Callable[..., StationMemory]) -> object:
    """Stand in for the power-up: the numbers start anew, and nothing says so."""

    def power_up(retained: bytes | None, rng: random.Random) -> StationMemory:
        memory = original(retained, rng)
        memory.mailboxes.clear()
        return memory

    return power_up


def _homed_from_the_start(original: Callable[..., None]) -> object:
    def init(self: Positioner, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        self.homed = True

    return init


def _powered_from_the_start(original: Callable[..., None]) -> object:
    def init(self: TowerProgram, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        self.station_state.powered = True
        self._energise()

    return init


def _powered_through_trips(original: Callable[..., None]) -> object:
    def begin_scan(self: TowerProgram, *, first: bool) -> None:
        powered = self.station_state.powered
        original(self, first=first)
        self.station_state.powered = powered

    return begin_scan


PLC: Final = (
    Ablation(
        "number-runs-again",
        "A PLC accepts the number that it accepted last once more.",
        ("I6",),
        Cut((Swap(handshake, "serial_ahead", _known_is_new),)),
    ),
    Ablation(
        "outdated-number-runs",
        "A PLC accepts a number that lies behind what it has accepted.",
        ("I6",),
        Cut((Swap(handshake, "serial_ahead", _outdated_is_new),)),
        letters=("LATE", "DOUBLE", "NOISE"),
    ),
    Ablation(
        "numbers-forgotten",
        "A PLC forgets at a restart which numbers it has accepted, and tells nobody.",
        ("I6",),
        Cut((Swap(station_program, "power_up", _forgetting),)),
        letters=("PLC_WARM", "BAYS_WARM", "PLC_POWER"),
    ),
    Ablation(
        "homed-by-a-restart",
        "The tower PLC takes its axes for homed when it starts.",
        ("I5",),
        Cut((Swap(Positioner, "__init__", _homed_from_the_start),)),
    ),
    Ablation(
        "powered-by-a-restart",
        "The tower PLC has its drives on when it starts.",
        ("I15",),
        Cut((Swap(TowerProgram, "__init__", _powered_from_the_start),)),
    ),
    Ablation(
        "powered-through-trips",
        "The tower PLC leaves its drives on behind a trip: nobody needs to reset.",
        ("I15",),
        Cut((Swap(TowerProgram, "begin_scan", _powered_through_trips),)),
        letters=("E_STOP",),
    ),
    Ablation(
        "key-unseen",
        "The tower PLC does not see the maintenance key.",
        ("I5",),
        Cut((Swap(TowerProgram, "maintenance_key", shows(value=False)),)),
        letters=("KEY",),
    ),
    Ablation(
        "silence-unheard",
        "A PLC goes on however long it hears no daemon.",
        ("I15",),
        Cut((Swap(EpochGate, "silent", answers(value=False)),)),
        letters=("CRASH", "FREEZE", "CUT"),
    ),
)
