"""What people keep a tower from, shown."""

from collections.abc import Mapping
from typing import Any

from controller.cli.output import emit_json, emit_table


def show_restrictions(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what is in force, for people or as JSON."""
    if as_json:
        emit_json(answer)
        return
    rows = ((each["text"], each["by"] or "-") for each in answer["restrictions"])
    emit_table(("in force", "by"), rows, empty="nothing is kept out of use")
