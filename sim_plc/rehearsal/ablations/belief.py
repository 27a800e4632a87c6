"""What the daemon believes: intents before motion, outcomes proven, places in doubt behind a crash."""

from collections.abc import Callable
from typing import Any, Final

from controller.activities import recovery
from controller.domain.records import Planned, Record
from controller.runtime.ledger import Ledger
from controller.runtime.unit import Unit
from hal.bulletin import Bulletin
from sim_plc.rehearsal.ablations.ablation import Ablation, Cut, Swap
from sim_plc.rehearsal.ablations.stand_ins import answers, resolves_to


def _without_plans(original: Callable[..., Any]) -> object:
    async def commit(self: Ledger, *changes: Record) -> None:
        await original(self, *(each for each in changes if not isinstance(each, Planned)))

    return commit


BELIEF: Final = (
    Ablation(
        "inventory-uncompared",
        "Behind a crash, a lost station or an abort the daemon does not compare its inventory with the sensors.",
        ("I13",),
        Cut((Swap(recovery, "compare", answers(())),)),
        letters=("CRASH", "SHUT_DOWN", "ABORT", "PC_POWER"),
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
