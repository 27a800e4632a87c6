"""`cartower jog` and `cartower interlocks`: moving an axis by hand, and why it may not move."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.confirm import go_ahead, yes_option
from controller.cli.examples import shown
from controller.cli.exits import INTERRUPTED, OTHERWISE, REFUSED, USAGE, fail, translated
from controller.cli.held_key import for_seconds, keyboard
from controller.cli.options import Finite, daemon_options, json_option
from controller.cli.output import BAD, GOOD, ODD, emit_json, ink
from controller.domain.jogging import AXES, LIMIT_S

DIRECTIONS: Final = tuple(way for axis in AXES.values() for way in (axis.forward, axis.back))
AS_ASKED: Final = ("OK", "STOPPED")
"""Verdicts of a jog that ended because it was let go, or at the end of the axis's way."""

Outcome = Mapping[str, Any]


@click.command(
    epilog=shown("cartower jog lift up", "cartower jog turntable back --for 2 --yes", "cartower jog shuttle in --for 1")
)
@click.argument("mechanism", type=click.Choice(list(AXES)))
@click.argument("direction", type=click.Choice(DIRECTIONS))
@click.option(
    "--for",
    "seconds",
    type=Finite(min=0.1, max=LIMIT_S),
    help="Hold for so many seconds, as long as this command runs, instead of as long as a key is held.",
)
@yes_option
@daemon_options
@json_option
@translated
def jog(
    mechanism: str, direction: str, seconds: float | None, socket: Path, *, yes: bool, as_json: bool
) -> None:
    """Move lift (up, down), turntable (ahead, back) or shuttle (out, in) by hand, at reduced speed.

    At a terminal it moves while any key is held, and stands within 300 ms once it is let go; q or Ctrl-C leaves. With
    --for it says what will move and asks, unless --yes. It stands too when this command ends, however it does.

    Only in mode manual (`cartower unit mode manual`, then `cartower unit reset`). `cartower interlocks` tells what
    else is missing.
    """
    if direction not in (AXES[mechanism].forward, AXES[mechanism].back):
        fail(USAGE, f"{mechanism} moves {AXES[mechanism].forward} or {AXES[mechanism].back}")
    if seconds is None and not sys.stdin.isatty():
        fail(USAGE, "there is no terminal whose key could be held: give --for SECONDS")
    with SyncClient(socket) as client:
        if seconds is None:
            _while_a_key_is_held(client, mechanism, direction, as_json=as_json)
            return
        if not yes:
            go_ahead([f"The {mechanism} creeps {direction} for {seconds:g} s, at reduced speed."])
        _report(_jog(client, mechanism, direction, lambda: for_seconds(seconds)), mechanism, direction, as_json=as_json)


@click.command(epilog=shown("cartower interlocks lift", "cartower interlocks shuttle --json"))
@click.argument("mechanism", type=click.Choice(list(AXES)))
@daemon_options
@json_option
@translated
def interlocks(mechanism: str, socket: Path, *, as_json: bool) -> None:
    """List each condition of moving MECHANISM by hand, met or not met; exits with 1 if one is not.

    The PLCs decide, by the same conditions and their own inputs; a refusal of theirs has the same name.
    """
    with SyncClient(socket) as client:
        answer = client.call("interlocks", mechanism=mechanism)
    if as_json:
        emit_json(answer)
    else:
        for each in answer["conditions"]:
            print("\t".join((_verdict(each), each["name"], each["text"])))
    if not all(each["met"] for each in answer["conditions"] if each["known"]):
        sys.exit(REFUSED)


def _verdict(condition: Mapping[str, Any]) -> str:
    if not condition["known"]:
        return ink("PLC decides", ODD)
    return ink("met", GOOD) if condition["met"] else ink("NOT MET", BAD, bold=True)


def _while_a_key_is_held(client: SyncClient, mechanism: str, direction: str, *, as_json: bool) -> None:
    """Jog once for each time that a key is held, until q or Ctrl-C."""
    print(f"Hold any key: {mechanism} {direction}. Let go: it stands. q leaves.", file=sys.stderr)
    with keyboard() as keys:
        while not keys.left:
            if keys.look():
                outcome = _jog(client, mechanism, direction, lambda: keys.look)
                _tell(outcome, mechanism, direction, as_json=as_json)


def _jog(client: SyncClient, mechanism: str, direction: str, button: Callable[[], Callable[[], bool]]) -> Outcome:
    """Hold an axis while a button is; return how it ended.

    ``button`` is made once the jog has begun; each call of what it gives waits a little, and says whether it is held.
    """
    number = client.call("jog", mechanism=mechanism, direction=direction)["jog"]
    held = button()
    try:
        while True:
            answer = client.call("jog.hold", jog=number, held=held())
            if answer["outcome"] is not None:
                return {**answer["outcome"], "position": answer["position"], "unit": answer["unit"]}
    except KeyboardInterrupt:
        client.call("jog.hold", jog=number, held=False)
        fail(INTERRUPTED, f"interrupted: the {mechanism} was let go")


def _report(outcome: Outcome, mechanism: str, direction: str, *, as_json: bool) -> None:
    """Tell how a jog ended, and exit with `OTHERWISE` if that is not as asked."""
    _tell(outcome, mechanism, direction, as_json=as_json)
    if outcome["verdict"] not in AS_ASKED or outcome.get("cut"):
        sys.exit(OTHERWISE)


def _tell(outcome: Outcome, mechanism: str, direction: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(outcome)
        return
    where = "" if outcome["position"] is None else f" at {outcome['position']} {outcome['unit']}"
    if outcome["verdict"] in AS_ASKED:
        cut = f", stopped by other than your hand: {outcome['cut']}" if outcome.get("cut") else ""
        print(f"{mechanism} {direction}: stands{where}{cut}")
    else:
        why = " ".join(part for part in (outcome["reason"], outcome["text"]) if part)
        print(f"{mechanism} {direction}: {outcome['verdict']} {why}{where}")
