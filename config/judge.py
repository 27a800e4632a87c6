"""What keys and ranges cannot say: whether the parts of a tower fit each other."""

from typing import Final

from config.faults import Fault, by_position
from config.rules import machine, registers, security, topology, travel, wires
from config.rules.rule import Rule, judge_all
from config.schema import Tower
from config.sources import Sources

RULES: Final[tuple[Rule, ...]] = (*travel.RULES, *machine.RULES, *wires.RULES, *security.RULES, *registers.RULES)
"""All but those of the topology, which are judged first."""

_NOTHING: Final[frozenset[str]] = frozenset()


def judge(tower: Tower, sources: Sources, unsound: frozenset[str] = _NOTHING) -> list[Fault]:
    """Return every fault of meaning of a tower; ``unsound`` names the keys whose values are stand-ins.

    Places, stations, registers and loads follow from the topology: where that is faulty, they are judged without
    its faulty parts, or not at all if too little is left.
    """
    faults = judge_all(topology.RULES, tower, sources, unsound)
    if any(fault.key.startswith(("ring.rooms", "ring.omitted")) or fault.key == "ring" for fault in faults):
        ring = topology.settled(tower.ring)
        if ring is None:
            unsound |= {"ring.rooms", "ring.omitted"}
        else:
            tower = Tower.model_construct(**{**dict(tower), "ring": ring})
    return by_position([*faults, *judge_all(RULES, tower, sources, unsound)])
