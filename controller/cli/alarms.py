"""`cartower alarms`: the list of what needs a person, most urgent first, and what each one means."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from controller.api.sync_client import call_once
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import LazyGroup
from controller.cli.options import daemon_options, json_option
from controller.cli.output import BAD, ODD, emit_json, emit_table, for_people, ink
from controller.cli.texts import seconds_text
from controller.domain.alarm_texts import ENGLISH
from controller.domain.alarms import BY_NUMBER, UNSEEN, Alarm
from controller.domain.refusal import Refusal

Line = Mapping[str, Any]

COMMANDS: Final = {
    "list": ("controller.cli.alarms:list_", "Every alarm that is active, unseen or hidden."),
    "show": ("controller.cli.alarms:show", "What one alarm means, and what to do."),
    "ack": ("controller.cli.alarm_acts:ack", "Say that you have seen it, and take care of it."),
    "reset": ("controller.cli.alarm_acts:reset", "Take back one that is latched."),
    "shelve": ("controller.cli.alarm_acts:shelve", "Hide one for a while, at most 8 hours."),
    "unshelve": ("controller.cli.alarm_acts:unshelve", "Show a shelved one again."),
    "out-of-service": ("controller.cli.alarm_acts:out_of_service", "Hide one until it is returned."),
    "return": ("controller.cli.alarm_acts:return_", "Return one to service."),
    "load": ("controller.cli.offline.alarm_load:load", "How many alarms a day, and whether people can take it."),
}

HEADERS: Final = ("number", "priority", "state", "since", "alarm", "what")

COLOURS: Final = {"high": BAD, "medium": BAD, "low": ODD}


class ListedByDefault(LazyGroup):
    """Without a command of its own it lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the list where no command stands."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=ListedByDefault,
    commands_at=COMMANDS,
    epilog=shown("cartower alarms list", "cartower alarms show 701.1", "cartower alarms ack --all"),
)
def alarms() -> None:
    """Show what needs a person, and answer it.

    An alarm has a number, such as 102, and one of several of a kind its index behind a point: 701.2 is room 2. What
    hides an alarm from people hides nothing from the machine: what it stands for still inhibits motion. Alarms of the
    safety chain cannot be hidden.
    """


@click.command("list", epilog=shown("cartower alarms list", "cartower alarms list --json | jq '.alarms[0].guidance'"))
@daemon_options
@json_option
@translated
def list_(socket: Path, *, as_json: bool) -> None:
    """List the alarms, most urgent first: unseen before seen, by priority, what came first of several.

    The first of a burst, which probably caused the others, has a star.
    """
    answer = call_once(socket, "alarms")
    if as_json:
        emit_json(answer)
        return
    emit_table(HEADERS, map(_row, answer["alarms"]), empty="no alarm")
    if for_people() and answer["alarms"]:
        first = answer["alarms"][0]
        print(f"\n{first['number']}: {first['guidance']}")


@click.command(epilog=shown("cartower alarms show 701.1", "cartower alarms show 105 --json"))
@click.argument("number")
@daemon_options
@json_option
@translated
def show(number: str, socket: Path, *, as_json: bool) -> None:
    """Show what alarm NUMBER means: cause, consequence, what to do, by when, and who may clear it where."""
    lines = [line for line in call_once(socket, "alarms")["alarms"] if number in (line["number"], _kind(line))]
    found = lines[0] if lines else _from_catalogue(number)
    if as_json:
        emit_json(found)
        return
    for name, text in _pairs(found):
        print(f"{ink(f'{name:<12}', bold=True)} {text}" if for_people() else f"{name}\t{text}")


def _kind(line: Line) -> str:
    return str(line["number"]).partition(".")[0]


def _row(line: Line) -> tuple[str, ...]:
    star = "*" if line["first_out"] else ""
    unseen = line["state"] in UNSEEN
    colour = COLOURS[line["priority"]] if unseen else None
    return (
        ink(f"{line['number']}{star}", colour, bold=unseen),
        ink(line["priority"], colour),
        line["state"],
        _when(line["since"])[5:16] if for_people() else _when(line["since"]),
        line["code"],
        line["text"],
    )


def _pairs(line: Line) -> list[tuple[str, str]]:
    pairs = [("alarm", f"{line['number']} {line['code']}: {line['title']}")]
    if line.get("text"):
        pairs.append(("now", line["text"]))
    if line["state"] != "NORMAL":
        by = f", by {line['by']}" if line["by"] else ""
        hidden = f", until {_when(line['until'])}" if line["until"] else ""
        why = f": {line['why']}" if line["why"] else ""
        beneath = f" ({line['beneath']} beneath)" if line["beneath"] != line["state"] else ""
        pairs.append(("state", f"{line['state']}{beneath} since {_when(line['changed'])}{hidden}{why}{by}"))
    pairs += [(name, line[name]) for name in ("priority", "cause", "consequence")]
    pairs.append(("do", line["guidance"]))
    pairs.append(("within", seconds_text(line["response_s"])))
    pairs.append(("cleared by", line["clearance"]))
    if line["limits"]:
        pairs.append(("limits", line["limits"]))
    marks = [name for name in ("latching", "safety") if line[name]]
    return [*pairs, *([("kind", ", ".join(marks))] if marks else [])]


def _from_catalogue(number: str) -> dict[str, Any]:
    """Return an alarm that is quiet.

    Raises:
        Refusal: there is none of this number.

    """
    kind = number.partition(".")[0]
    alarm: Alarm | None = BY_NUMBER.get(int(kind)) if kind.isdecimal() else None
    if alarm is None:
        raise Refusal("UNKNOWN_ALARM", f"there is no alarm {number}")
    text = ENGLISH[alarm.key]
    return {
        "number": str(alarm.number),
        "code": alarm.key,
        "title": text.title,
        "state": "NORMAL",
        "priority": alarm.priority.value,
        "cause": text.cause,
        "consequence": text.consequence,
        "guidance": text.guidance,
        "response_s": alarm.response_s,
        "clearance": alarm.clearance.value,
        "limits": "" if alarm.band is None else alarm.band.limits,
        "latching": alarm.latching,
        "safety": alarm.safety,
    }


def _when(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
