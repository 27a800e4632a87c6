"""`cartower trace`: what happened in the minutes around a fault, on one axis of time."""

import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import click

from controller.api.sync_client import SyncClient, call_once
from controller.cli.examples import shown
from controller.cli.exits import JOURNAL, OTHERWISE, REFUSED, USAGE, fail, translated
from controller.cli.lazy import Group
from controller.cli.offline.trace_signals import Wanted
from controller.cli.offline.trace_timeline import CAUSE, timeline
from controller.cli.options import RUN_DIR, TRACES, daemon_options, json_option, run_dir_option
from controller.cli.output import BAD, emit_json, emit_table, for_people, ink
from controller.cli.record_text import when_text
from controller.cli.since import span_s
from controller.trace.folder import Kept, kept
from controller.trace.reading import NEWEST, NoSuchTrace, Trace, TraceDamaged, find, heading, read

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

P = ParamSpec("P")

ALL: Final = "all"
LOOK_S: Final = 0.5

_SIGNED: Final = re.compile(r"([+-]?)(.+)")


def numbers(ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Return the numbers of the traces; the daemon may be down."""
    from click.shell_completion import CompletionItem

    folder = Path(ctx.params.get("run_dir") or RUN_DIR) / TRACES
    try:
        traces = kept(folder)
    except OSError:  # a message would be typed into the person's line
        return []
    offered = [(str(each.number), _kind(each)) for each in reversed(traces)]
    return [
        CompletionItem(value, help=text)
        for value, text in [*offered, *([(NEWEST, "the newest")] if traces else [])]
        if value.startswith(incomplete)
    ]


def _objections(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that a trace that cannot be read ends it with a line and a code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except NoSuchTrace as error:
            fail(REFUSED, f"refused: {error}\nnext: `cartower trace list` shows which there are")
        except TraceDamaged as error:
            fail(OTHERWISE, f"damaged: {error}")
        except BrokenPipeError:  # whoever read the output has gone, as `head` does
            raise
        except OSError as error:
            fail(JOURNAL, f"cannot be read: {error}")

    return run


def _instant(_ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read seconds from the cause: ``-20s``, ``-1m30s``, ``5s``, ``0s``, or ``all``."""
    if value == ALL:
        return float("-inf") if param.name == "begin_s" else float("inf")
    found = _SIGNED.fullmatch(value)
    seconds = None if found is None else span_s(found[2])
    if found is None or seconds is None:
        raise click.BadParameter(f"{value!r} is not understood; it may be -20s, -1m30s, 5s, or all")
    return -seconds if found[1] == "-" else seconds


def _window(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which part of a trace, and which signals."""
    for option in (
        click.option("--to", "end_s", callback=_instant, default="10s", show_default=True, help="Until when."),
        click.option(
            "--from", "begin_s", callback=_instant, default="-20s", show_default=True,
            help="From when on, in seconds from the cause, or all.",
        ),
        click.option(
            "--signals", "patterns", multiple=True, metavar="PATTERN",
            help="Only such signals, as `cartower io` names them: 'tower/lift.*'. May be repeated.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(
    cls=Group,
    epilog=shown("cartower trace list", "cartower trace show last", "cartower trace plot 17 > fault.svg"),
)
def trace() -> None:
    """Show what happened in the minutes before and the seconds after a fault.

    The daemon keeps a trace of its own accord when the safety chain opens, the unit aborts or holds, a job is parked,
    the outcome of a command is unknown, a station is lost, an alarm of high or medium priority comes, or it is ended
    while something moves: every signal that changed, every command with its outcome, what people asked for.

    The files stand in the folder `traces` of the run directory, gzip around one JSON object a line; list, show and
    plot need no daemon. One that is killed in the seconds behind a fault loses that fault's trace.
    """


@trace.command("list", epilog=shown("cartower trace list", "cartower trace list --json | jq -r '.traces[-1].cause'"))
@run_dir_option
@json_option
@_objections
def list_(run_dir: Path, *, as_json: bool) -> None:
    """List the traces, oldest first."""
    found = [_listed(each) for each in kept(run_dir / TRACES)]
    if as_json:
        emit_json({"traces": found})
        return
    rows = [
        (
            ink(str(each["trace"]), bold=True),
            "-" if each["at"] is None else when_text(each["wall_s"])[:19].replace("T", " "),
            each["kind"],
            "-" if each["at"] is None else f"{each['begin']:+.0f} to {each['end']:+.0f} s",
            f"{each['bytes'] / 1024:.0f} KiB",
            each["cause"],
        )
        for each in found
    ]
    emit_table(("trace", "at", "kind", "span", "size", "cause"), rows, empty="no trace: nothing has gone wrong yet")


@trace.command(
    epilog=shown(
        "cartower trace show last",
        "cartower trace show 17 --from -2m --to 0s",
        "cartower trace show 17 --signals 'tower/safety.*' --signals tower/lift.position",
        "cartower trace show 17 --from all --to all --json | jq -c '.entries[]'",
    )
)
@click.argument("number", metavar="NUMBER", shell_complete=numbers)
@_window
@run_dir_option
@json_option
@_objections
def show(
    number: str, patterns: Sequence[str], begin_s: float, end_s: float, run_dir: Path, *, as_json: bool
) -> None:
    """Show trace NUMBER, or the last one, as a timeline: seconds from the cause, and what happened.

    Of a measured value on its way one a second is told, and each one where it is named by --signals. A value counts
    from the poll that brought it.
    """
    found, wanted = _opened(run_dir, number, patterns)
    if as_json:
        _emit(found, wanted, begin_s, end_s)
        return
    head = found.heading
    title = f"trace {head['number']} of {head['tower']}, {when_text(head['wall_s'])}: {head['cause']}"
    print(ink(title, bold=True) if for_people() else f"#\t{title}")
    for row in timeline(found, wanted, begin_s, end_s):
        text = ink(row.text, BAD, bold=True) if row.kind == CAUSE else row.text
        if for_people():
            print(f"{ink(f'{row.t:+9.3f}', dim=True)}  {ink(f'{row.kind:<8}', bold=True)} {text}")
        else:
            print(f"{row.t:+.3f}\t{row.kind}\t{text}")


@trace.command(
    epilog=shown(
        "cartower trace plot last > fault.svg",
        "cartower trace plot 17 --from -1m --to 5s > fault.svg",
        "cartower trace plot 17 --signals 'tower/shuttle.*' --signals 'bays3/*' > arms.svg",
    )
)
@click.argument("number", metavar="NUMBER", shell_complete=numbers)
@_window
@click.option("--lanes", type=click.IntRange(1, 400), default=40, show_default=True, help="At most so many signals.")
@run_dir_option
@_objections
def plot(
    number: str, patterns: Sequence[str], begin_s: float, end_s: float, lanes: int, run_dir: Path
) -> None:
    """Draw trace NUMBER, or the last one, as a timing diagram: an SVG on standard output.

    Unit, job and commands first, then positions as curves and bits as lanes: those that changed, nearest to the
    cause first. The line at 0 is the cause.
    """
    from controller.cli.offline.trace_lanes import Window, lanes_of
    from controller.cli.offline.trace_svg import picture

    found, wanted = _opened(run_dir, number, patterns)
    if sys.stdout.isatty():
        fail(USAGE, "an SVG is no reading matter: cartower trace plot NUMBER > fault.svg")
    head = found.heading
    window = Window(max(begin_s, head["begin"]), min(end_s, head["end"]))
    if window.end_s <= window.begin_s:
        fail(USAGE, f"the trace goes from {head['begin']:g} to {head['end']:g} s")
    title = f"Trace {head['number']} of {head['tower']}: {head['cause']}"
    print(picture(title, when_text(head["wall_s"]), window, lanes_of(found, wanted, window, lanes)), end="")


@trace.command(epilog=shown("cartower trace save --why 'the lift jerks'", "cartower trace save --why test --wait"))
@click.option("--why", required=True, metavar="TEXT", help="Why: it names the trace.")
@click.option("--wait", is_flag=True, help="Return when it is written.")
@daemon_options
@json_option
@translated
def save(why: str, socket: Path, *, wait: bool, as_json: bool) -> None:
    """Keep a trace of now. It goes on for some seconds, and is there when these have passed."""
    answer = call_once(socket, "trace.save", why=why)
    if wait:
        _await(socket, answer["trace"])
    if as_json:
        emit_json(answer)
    elif wait:
        print(f"trace {answer['trace']} is written")
    else:
        print(f"trace {answer['trace']} is there in {answer['ready_in_s']:g} s: cartower trace show {answer['trace']}")


def _await(socket: Path, number: int) -> None:
    """Wait until a trace is no longer open, and nothing is being written; tell what went wrong."""
    with SyncClient(socket) as client:
        while (state := client.call("traces"))["open"] == number or state["writing"]:
            time.sleep(LOOK_S)
    if state["trouble"]:
        fail(OTHERWISE, state["trouble"])


def _opened(run_dir: Path, number: str, patterns: Sequence[str]) -> tuple[Trace, Wanted]:
    found, wanted = read(find(run_dir / TRACES, number).file), Wanted(tuple(patterns))
    for pattern in wanted.unknown(found.signals):
        fail(REFUSED, f"refused: the trace has no signal {pattern}\nnext: `cartower io list` lists the signals")
    return found, wanted


def _emit(found: Trace, wanted: Wanted, begin_s: float, end_s: float) -> None:
    entries = [
        each
        for each in found.entries
        if begin_s <= each["t"] <= end_s
        and (wanted.takes(found.signals[each["name"]]) if each["what"] == "change" else _kept_beside(each, wanted))
    ]
    signals = [signal for signal in found.signals.values() if wanted.takes(signal)]
    emit_json({"trace": found.heading, "signals": signals, "entries": entries})


def _kept_beside(entry: Any, wanted: Wanted) -> bool:
    return wanted.everything or entry["what"] == CAUSE


def _listed(each: Kept) -> dict[str, Any]:
    about = {"trace": each.number, "file": str(each.file), "bytes": each.bytes}
    try:
        head = heading(each.file)
    except TraceDamaged as error:
        return {**about, "at": None, "wall_s": None, "kind": "damaged", "cause": str(error), "begin": None, "end": None}
    return {**about, **{key: head[key] for key in ("at", "wall_s", "kind", "cause", "begin", "end")}}


def _kind(each: Kept) -> str:
    _, moment, kind = each.file.name.partition(".")[0].split("-")
    return f"{kind} {moment}"
