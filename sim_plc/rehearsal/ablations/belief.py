"""What the daemon believes: intents before motion, outcomes proven, places in doubt behind a crash."""

from collections.abc import Callable
from typing import Any, Final

from controller.activities import recovery, transfer
from controller.activities.context import Bench
from controller.activities.primitive import Errand
from controller.activities.transfer import Done
from controller.domain.book import CARRIAGE
from controller.domain.jobs import JobState
from controller.domain.places import Place, PlaceStatus
from controller.domain.records import PlaceSet, Planned, Record
from controller.runtime import steps
from controller.runtime.ledger import Ledger
from controller.runtime.unit import Unit
from hal.bulletin import Bulletin
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import answers, resolves_to


def _without_plans(original: Callable[..., Any]) -> object:
    async def commit(self: Ledger, *changes: Record) -> None:
        await original(self, *(each for each in changes if not isinstance(each, Planned)))

    return commit


def _believing_early(original: dict[JobState, tuple[Callable[..., Any], object]]) -> object:
    """Stand in for the table of steps: a pick is believed before it is asked for."""
    pick, event = original[JobState.PICKING]

    async def believed(bench: Bench, errand: Errand, place: int) -> Done:
        ledger = bench.keeper
        assert isinstance(ledger, Ledger)
        if (car := ledger.book.places[place].car) is not None and not transfer.is_picked(bench, place):
            carried = Place(CARRIAGE, PlaceStatus.OCCUPIED, car)
            await ledger.commit(PlaceSet(Place(place, PlaceStatus.FREE)), PlaceSet(carried))
        done = await pick(bench, errand, place)
        assert isinstance(done, Done)
        return done

    return original | {JobState.PICKING: (believed, event)}


BELIEF: Final = (
    Ablation(
        "inventory-uncompared",
        "Behind a crash, a lost station or an abort the daemon does not compare its inventory with the sensors.",
        ("I13",),
        Cut((Swap(recovery, "compare", answers(())),)),
        letters=("CRASH", "SHUT_DOWN", "ABORT", "PC_POWER"),
    ),
    Ablation(
        "pick-believed-early",
        "The daemon commits a car to the carriage before the pick has an outcome.",
        ("I13", "I14"),
        Cut((Swap(steps, "STRAIGHT", _believing_early),)),
    ),
    Ablation(
        "intent-unwritten",
        "The daemon writes commands without an intent in the journal.",
        ("I6",),
        Cut((Swap(Ledger, "commit", _without_plans),)),
    ),
    Ablation(
        "start-unreconciled",
        "Nothing is settled or compared when a daemon starts, and when the unit clears and resets.",
        ("I13",),
        Cut((Swap(Unit, "_reconcile", resolves_to("")),)),
        letters=("CRASH", "SHUT_DOWN", "PC_POWER"),
    ),
    Ablation(
        "stale-image-believed",
        "An image counts as fresh however old it is.",
        ("I3", "I13", "I18"),
        Cut((Swap(Bulletin, "is_stale", answers(value=False)),)),
        letters=("CUT", "HALF_OPEN", "DEAD_PLC", "HALT"),
    ),
    Ablation(
        "exchange-uncompared",
        "Behind an exchange that its sensors leave unproven the book stays as it was.",
        ("I13",),
        Cut((Swap(recovery, "compare_exchange", answers(())),)),
        letters=("STUCK_ON", "STUCK_OFF", "CROSS_TALK", "FALSE_GONE"),
    ),
)
