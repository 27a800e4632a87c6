"""How people say since when: a span back from now, or a moment."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def since(text: str) -> float:
    """Return the wall time, in seconds since the epoch, that a text means; a moment without an offset is local time.

    A text is ``90s``, ``15m``, ``1h``, ``2d``, ``1w``, ``1d12h``, ``all``, or a moment in ISO 8601.

    Raises:
        ValueError: it is none of them.

    """
    if text == "all":
        return 0.0
    back_s = span_s(text)
    return datetime.fromisoformat(text).timestamp() if back_s is None else _back(back_s)


def span_s(text: str) -> float | None:
    """Return the seconds that ``30m`` or ``1d12h`` means, None for anything else."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def since_option(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """Read an option of this kind."""
    try:
        return since(value)
    except (ValueError, OverflowError):
        expected = "90s, 15m, 1h, 2d, a moment such as 2027-01-31T14:00, or all"
        raise click.BadParameter(f"{value!r} is not understood; it may be {expected}") from None


def _back(seconds: float) -> float:
    try:
        return max(0.0, (datetime.now(UTC) - timedelta(seconds=seconds)).timestamp())
    except OverflowError:  # before the first year: everything
        return 0.0
