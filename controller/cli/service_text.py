"""The words for service counters. What could not be timed or measured in full has a plus behind it."""

from collections.abc import Mapping
from datetime import datetime
from math import floor
from typing import Any, Final

from controller.cli.output import BAD, ODD, ink

Line = Mapping[str, Any]

HEADERS: Final = (
    *("component", "state", "used", "due", "cycles", "hours", "starts", "way"),
    *("all cycles", "all hours", "all starts", "all way"),
)
SPARE: Final = 4
"""Last columns that a narrow terminal is not shown: what was counted in all."""

COLOURS: Final = {"due": BAD, "soon due": ODD}

LIMBS: Final = {"cycles": "cycles", "hours": "hours in motion", "way": "way", "days": "days"}


def row(line: Line) -> tuple[str, ...]:
    """Return a component as a line of the table."""
    colour = COLOURS.get(line["state"])
    return (
        ink(line["component"], colour, bold=colour is not None),
        ink(line["state"], colour),
        share_text(line["share"]),
        day_text(line["forecast"]),
        *_counts(line["since_service"], line["way_unit"]),
        *_counts(line["in_all"], line["way_unit"]),
    )


def pairs(line: Line) -> list[tuple[str, str]]:
    """Return all there is to say of one component, as names and texts."""
    found = [("component", f"{line['component']}, {line['state']}")]
    found += [("interval", _limb(each, line["way_unit"])) for each in line["interval"]]
    since = _sentence(line["since_service"], line["way_unit"])
    last = "no service known" if line["serviced"] is None else f"serviced on {day_text(line['serviced'])}"
    found.append(("since", f"{since}; {last}"))
    found += [("in all", _sentence(line["in_all"], line["way_unit"]))]
    found += [
        ("service", f"{day_text(each['at'])} by {each['by'] or '?'}: {each['note']}") for each in line["services"]
    ]
    if line.get("station_starts") is not None:
        found.append(("station", f"{line['station_starts']} starts by its own count, also of what moved nothing"))
    missing = line["in_all"]
    if missing["untimed"] or missing["unmeasured"]:
        found.append(("not known", f"time of {missing['untimed']} starts, way of {missing['unmeasured']}"))
    return found


def share_text(share: float | None) -> str:
    """Return a share of an interval in whole per cent; only what is due shows 100."""
    return "-" if share is None else f"{floor(share * 100 + 1e-9)} %"


def day_text(moment: str | None) -> str:
    """Return a moment as a local day."""
    return "-" if moment is None else datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d")


def _counts(counts: Line, unit: str | None) -> tuple[str, ...]:
    return (str(counts["cycles"]), _hours(counts), str(counts["starts"]), _way(counts, unit))


def _sentence(counts: Line, unit: str | None) -> str:
    hours = "" if counts["hours"] is None else f", {_hours(counts)} h in motion"
    way = "" if unit is None else f", {_way(counts, unit)}"
    return f"{counts['cycles']} cycles, {counts['starts']} starts{hours}{way}"


def _hours(counts: Line) -> str:
    return "-" if counts["hours"] is None else f"{counts['hours']:.2f}{'+' if counts['untimed'] else ''}"


def _way(counts: Line, unit: str | None) -> str:
    return "-" if unit is None else f"{counts['way']:.0f}{'+' if counts['unmeasured'] else ''} {unit}"


def _limb(limb: Line, unit: str | None) -> str:
    name = f"{LIMBS[limb['name']]} in {unit}" if limb["name"] == "way" else LIMBS[limb["name"]]
    when = "" if limb["forecast"] is None else f", used up on {day_text(limb['forecast'])}"
    return f"{limb['used']:.0f} of {limb['limit']} {name}, {share_text(limb['share'])}{when}"
