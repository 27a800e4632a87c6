"""What is granted, and what becomes of jobs and of the unit: orders that exclude each other, stops that stay."""

from collections.abc import Callable
from typing import Any, Final

from controller.domain.book import Book
from controller.domain.unit import UnitEvent, UnitState
from controller.runtime.admission import Admission
from controller.runtime.jobs import Jobs
from controller.runtime.runner import Rest
from controller.runtime.signals import ActivityEnded
from controller.runtime.unit import Unit
from hal.scan import Station
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import answers, does_nothing, resolves_to

_STEP_S: Final = 600.0
"""Longer than any step takes."""


def _whatever_moves_it(_original: Any) -> object:
    return lambda self, car: self._stored(car)


def _eager(original: Callable[..., Any]) -> object:
    """Stand in for the end of an acting state: what nobody asked for follows by itself."""
    follow = {
        UnitState.ABORTED: UnitEvent.CLEAR,
        UnitState.STOPPED: UnitEvent.RESET,
        UnitState.IDLE: UnitEvent.START,
    }

    async def ended(self: Unit, signal: ActivityEnded) -> None:
        started = self.reconciled
        await original(self, signal)
        if started and self.state in follow:
            await self.fire(follow[self.state], "by itself")

    return ended


def _to_the_end_of_its_step(_original: Any) -> object:
    def halt(self: Jobs) -> Rest:
        self.executing = False
        return self._runner.outwait(_STEP_S)

    return halt


ORDERS: Final = (
    Ablation(
        "car-ordered-twice",
        "A car that a job moves already is granted to another one.",
        ("I11",),
        Cut((Swap(Admission, "_to_be_moved", _whatever_moves_it),)),
    ),
    Ablation(
        "bay-reserved-twice",
        "No place counts as reserved: two jobs are given one bay.",
        ("I11",),
        Cut((Swap(Book, "reserved", answers({})),)),
    ),
    Ablation(
        "room-promised-twice",
        "A storing is granted for a room that another job has.",
        ("I11",),
        Cut((Swap(Admission, "_room_free", does_nothing),)),
    ),
    Ablation(
        "job-left-aside",
        "A job that was interrupted is never taken up again.",
        ("I11",),
        Cut((Swap(Jobs, "_return_one", resolves_to(value=False)),)),
        letters=("ABORT", "STOP", "E_STOP"),
    ),
    Ablation(
        "starts-by-itself",
        "The unit clears, resets and starts by itself behind an abort.",
        ("I15",),
        Cut((Swap(Unit, "ended", _eager),)),
        letters=("ABORT", "E_STOP"),
    ),
    Ablation(
        "end-waits-for-a-step",
        "A daemon that is told to end, and a unit that aborts, let the step of a job run to its end.",
        ("I20",),
        Cut((Swap(Jobs, "halt", _to_the_end_of_its_step),)),
        letters=("SHUT_DOWN",),
    ),
    Ablation(
        "master-fought",
        "The daemon does not leave a station alone that obeys another master.",
        ("I11",),
        Cut((Swap(Station, "freeze", does_nothing),)),
        letters=("MASTER", "INTRUDER", "LATE", "CRASH"),
    ),
)
