"""Every ablation by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sim_plc.rehearsal.ablations.ablation import NOTHING, Ablation, Cut
from sim_plc.rehearsal.ablations.belief import BELIEF
from sim_plc.rehearsal.ablations.interlocks import INTERLOCKS
from sim_plc.rehearsal.ablations.isolation import ISOLATION
from sim_plc.rehearsal.ablations.orders import ORDERS
from sim_plc.rehearsal.ablations.plc import PLC
from sim_plc.rehearsal.ablations.store import STORE

ABLATIONS: Final[tuple[Ablation, ...]] = (*INTERLOCKS, *BELIEF, *ORDERS, *STORE, *PLC, *ISOLATION)

BY_NAME: Final[Mapping[str, Ablation]] = MappingProxyType({each.name: each for each in ABLATIONS})


def cut_of(name: str, *, control: bool) -> Cut:
    """Return what is gone in a run without one safeguard; empty name: nothing. ``control``: only the layer beside it.

    Raises:
        KeyError: there is no such ablation.

    """
    if not name:
        return NOTHING
    return BY_NAME[name].beside if control else BY_NAME[name].whole


def listed(ablations: tuple[Ablation, ...]) -> str:
    """Return ablations as text: the name, what is missing, and who must see it."""
    return "\n".join(
        f"{each.name}: seen by {' or '.join(each.seen_by)}\n  {each.told(control=False)}" for each in ablations
    )
