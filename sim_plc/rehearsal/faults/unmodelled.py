"""Faults that no letter plays, and why; and those that people's habits play in every run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OFFICE: Final = "there are no visits, codes, app or payments yet: nobody is told apart at a gate or kiosk"
_LOCKER: Final = "there is no key locker yet"
_TWO: Final = "outside of what the contract promises: it proves what moves a car by two independent signals"
_PROCESS: Final = "a rehearsed daemon has no process or thread of its own: CRASH and HANG play its end"
_GUARDS: Final = "such a device watches itself and fails to the side that stops: STUCK_ON and STUCK_OFF play that side"

NOT_IN_THE_MODEL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "two signals that vouch for one another lie together": _TWO,
        "a person sensor, light curtain or closing edge that is blind": _GUARDS,
        "a relay of the safety chain that welds or lies": "the chain is hard-wired, and its maker's to prove",
        "cross-talk between wires of two stations": "they have cables of their own",
        "a drive that runs away": "the governor and the over-travel switches end that, whatever the controller does: "
        "GOVERNOR plays what it sees of it",
        "over-travel": "only a drive that runs away gets there, and a technician winds it back with the key on",
        "a door or latch that opens by itself": "a bolt or spring that breaks looks like FORCED and LATCH_AJAR",
        "descriptors used up": "a rehearsal's links hold none: that nothing piles up is tried with real ones",
        "the death of a thread": _PROCESS,
        "memory used up": _PROCESS,
        "summer time": "the port gives seconds since 1970, which know none; local time is made by whoever shows it",
        "a disk that says synced and is not": "nothing above it can know; the power cuts without a sync show its price",
        "a write that goes to another page": "to the journal it is BIT_FLIP, in more than one page",
        "a page that cannot be read": "a start meets it as BIT_FLIP; a running daemon hardly reads its journal",
        "power lost while a key is handed over": _LOCKER,
        "one code scanned at two kiosks": _OFFICE,
        "codes tried by force": _OFFICE,
        "a customer who is given somebody else's car": _OFFICE,
        "a key that is not returned": _LOCKER,
        "an operator and an app that cancel a booking together": _OFFICE,
    }
)
"""By name: why there is no letter for it."""

BY_HABIT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "a car that is too long, wide, high or heavy, or lacks a wheel": ("odd car",),
        "a car beside its marks": ("stopped beside the marks", "left a car beside the marks"),
        "somebody who stays for minutes": ("lingered",),
        "somebody who does not come": ("stayed away",),
        "an order that must be refused": ("refused Retrieve UNKNOWN_CAR", "refused Store UNKNOWN_ROOM"),
    }
)
"""By name: the probes of a run's report that count it. Habits are `sim_plc.rehearsal.people.Manners`."""
