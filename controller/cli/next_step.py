"""What a person does after a refusal, by its rule. A rule that says so itself has no line here."""

from collections.abc import Mapping
from typing import Final

NEXT_STEP: Final[Mapping[str, str]] = {
    "UNKNOWN_CAR": "`cartower cars` lists the cars that are here",
    "CAR_HAS_JOB": "`cartower jobs` shows it; `cartower cancel JOB` gives it up",
    "CAR_NOT_IN_A_BAY": "`cartower cars` shows where it is; wait until its way has ended",
    "CAR_ALREADY_INSIDE": "`cartower cars` shows where it is; another car needs another id",
    "PLACE_UNVERIFIED": "look at the bay, then state what is there: `cartower inventory import FILE`",
    "PLACE_BLOCKED": "`cartower places` shows it; `cartower place free PLACE` gives it back",
    "NOT_BLOCKED": "`cartower places` shows which bays are blocked",
    "UNKNOWN_ROOM": "`cartower status` lists the rooms",
    "ROOM_IN_USE": "wait until it is vacant (`cartower watch`), or name another room",
    "TOWER_FULL": "`cartower places` shows every bay, and why one is locked",
    "UNKNOWN_BAY": "`cartower places` lists the bays",
    "BAY_OCCUPIED": "`cartower places` shows which bays are free",
    "BAY_RESERVED": "`cartower places` shows which bays are free",
    "BAY_NOT_USABLE": "`cartower places` tells why, and which bays are free",
    "JOBS_OPEN": "`cartower jobs` shows them; `cartower unit stop` lets no new one begin",
    "UNKNOWN_JOB": "`cartower jobs --all` lists every job",
    "JOB_STATE": "`cartower jobs` shows what it waits for",
    "UNIT_MODE": "`cartower status` shows the mode; `cartower unit mode` changes it where the unit stands",
    "MODE_STATE": "`cartower unit stop` brings it to Stopped",
    "CHOICE": "`cartower jobs` shows the choices of each parked job",
    "CARRIAGE_BUSY": "`cartower jobs` shows who has it",
    "PLACE_MISSING": "give --place",
    "NOT_ONLINE": "`cartower status` names the station, `cartower doctor` looks at the way to it",
    "UNKNOWN_STATION": "`cartower io list` lists the stations",
    "UNKNOWN_SIGNAL": "`cartower io list` lists the signals",
    "NO_CONNECTION": "`cartower bus stats` shows the link, `cartower doctor` looks at the way to it",
    "NO_ANSWER": "`cartower bus stats` shows how often, `cartower doctor` looks at the way to it",
    "MODBUS_EXCEPTION": "`cartower plc-map --config TOWER` lists the registers that a station has",
}
