"""`cartower io`: every register and signal by its name in the contract. Read only, through the daemon."""

import time
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.completing import signals, stations
from controller.cli.examples import shown
from controller.cli.exits import translated
from controller.cli.lazy import Group
from controller.cli.options import Finite, daemon_options, json_option
from controller.cli.output import emit_json, emit_table, ink
from controller.domain.refusal import Refusal

Register = Mapping[str, Any]

HEADERS: Final = ("name", "value", "unit", "owner", "age", "address", "text")
SPARE: Final = 2
"""The last of them, which a narrow terminal does without."""

LEAST_PERIOD_S: Final = 0.1


@click.group(
    cls=Group,
    epilog=shown("cartower io list tower", "cartower io get tower/lift.position", "cartower io watch 'bays3/*'"),
)
def io() -> None:
    """Show registers and signals by their names in the contract.

    A name is STATION/REGISTER as `cartower plc-map` lists it, such as tower/fast.lift.position. The block may be left
    out: tower/lift.position. One bit is STATION/REGISTER.BIT: tower/safety.E_STOP. In `watch` and `get`, * and ?
    stand for any letters.

    What the polls bring comes from the newest image; its age is shown. Everything else is read once through the
    daemon, behind all polls and commands. Nothing can be written.
    """


@io.command("list", epilog=shown("cartower io list", "cartower io list tower --live", "cartower io list bays3 --json"))
@click.argument("station", required=False, shell_complete=stations)
@click.option("--live", is_flag=True, help="Only what every poll brings: costs no request.")
@daemon_options
@json_option
@translated
def list_(station: str | None, socket: Path, *, live: bool, as_json: bool) -> None:
    """List the registers of STATION, or of every station."""
    with SyncClient(socket) as client:
        names = [station] if station else _stations(client)
        found = [each for name in names for each in _registers(client, name, live=live)]
    if as_json:
        emit_json({"signals": found})
    else:
        emit_table(HEADERS, map(_row, found), empty="no registers", spare=SPARE)


@io.command(
    epilog=shown("cartower io get tower/lift.position tower/safety.E_STOP", "cartower io get 'bays3/bay*' --json")
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=signals)
@daemon_options
@json_option
@translated
def get(names: Sequence[str], socket: Path, *, as_json: bool) -> None:
    """Show the values of NAMEs, once."""
    with SyncClient(socket) as client:
        found = _Chosen(client, names, quick=False).now()
    if as_json:
        emit_json({"signals": found})
    else:
        emit_table(HEADERS, map(_row, found), empty="no registers", spare=SPARE)


@io.command(
    epilog=shown("cartower io watch tower/lift.position", "cartower io watch 'tower/room1.*' --every 0.2 --json")
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=signals)
@click.option(
    "--every",
    "period_s",
    type=Finite(min=LEAST_PERIOD_S, max=3600),
    default=0.5,
    show_default=True,
    help="Seconds between two looks.",
)
@daemon_options
@json_option
@translated
def watch(names: Sequence[str], period_s: float, socket: Path, *, as_json: bool) -> None:
    """Show NAMEs until Ctrl-C: a line whenever a value has changed.

    A pattern stands for what every poll brings, unless it names something else alone. With --json one JSON object a
    line.
    """
    with SyncClient(socket) as client:
        try:
            _follow(_Chosen(client, names, quick=True), period_s, as_json=as_json)
        except KeyboardInterrupt:
            return


class _Chosen:
    """What a person has named, resolved once and read again and again: only what is needed of each station."""

    def __init__(self, client: SyncClient, names: Sequence[str], *, quick: bool) -> None:
        """Resolve names. ``quick``: a pattern stands for what every poll brings, if that has any such register."""
        self._client = client
        self._names = names
        self._known = _stations(client)
        self._needed: dict[str, list[str]] = {}
        # What every poll brings is looked through first: only what is not there costs requests.
        patterns = not quick and any(_is_pattern(name) for name in names)
        self._live = not patterns and all(_matches(name, self._read_all(name, live=True)) for name in names)
        for name in names:
            for each in self._resolve(name):
                needed = self._needed.setdefault(each["name"].partition("/")[0], [])
                needed += [] if each["register"] in needed else [each["register"]]

    def now(self) -> list[Register]:
        """Return the registers and bits named, in that order.

        Raises:
            Refusal: a station cannot be read.

        """
        every = [
            each
            for station, only in self._needed.items()
            for each in _registers(self._client, station, live=self._live, only=only)
        ]
        return [each for name in self._names for each in _matches(name, every)]

    def _resolve(self, name: str) -> list[Register]:
        """Return what a name stands for.

        Raises:
            Refusal: UNKNOWN_STATION, UNKNOWN_SIGNAL, or a station cannot be read.

        """
        every = self._read_all(name, live=self._live)
        found = _matches(name, every)
        if not found:
            close = get_close_matches(name, [alias for each in every for alias in _aliases(each)], n=3)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise Refusal("UNKNOWN_SIGNAL", f"there is no signal {name}{hint}")
        return found

    def _read_all(self, name: str, *, live: bool) -> list[Register]:
        pattern, slash, _ = name.partition("/")
        fitting = [each for each in self._known if fnmatchcase(each, pattern)]
        if not slash or not fitting:
            raise Refusal("UNKNOWN_STATION", f"{name}: no station {pattern!r}; stations: {', '.join(self._known)}")
        return [each for station in fitting for each in _registers(self._client, station, live=live)]


def _matches(name: str, every: Sequence[Register]) -> list[Register]:
    """Return the registers of a name or pattern, else the bits."""
    whole: list[Register] = [{**each, "register": each["name"]} for each in every if _is_named(each, name)]
    register, _, bit = name.rpartition(".")
    return whole or [
        _bit(each, word)
        for each in every
        if _is_named(each, register)
        for word in each["bits"]
        if fnmatchcase(word, bit)
    ]


def _is_pattern(name: str) -> bool:
    return any(letter in name for letter in "*?[")


def _is_named(register: Register, name: str) -> bool:
    return any(fnmatchcase(alias, name) for alias in _aliases(register))


def _follow(chosen: _Chosen, period_s: float, *, as_json: bool) -> None:
    import json
    from datetime import datetime

    last: dict[str, object] = {}
    while True:
        for each in chosen.now():
            if each["name"] in last and last[each["name"]] == each["value"]:
                continue
            last[each["name"]] = each["value"]
            now = datetime.now().astimezone()
            if as_json:
                stamped = {"at": now.isoformat(timespec="milliseconds"), **each}
                print(json.dumps(stamped, ensure_ascii=False), flush=True)
            else:
                line = (now.strftime("%H:%M:%S.%f")[:-3], each["name"], _value(each), each["unit"])
                print("\t".join(filter(None, line)), flush=True)
        time.sleep(period_s)


def _registers(
    client: SyncClient, station: str, *, live: bool, only: Sequence[str] | None = None
) -> Sequence[Register]:
    found: Sequence[Register] = client.call("io", station=station, live=live, only=only)["signals"]
    return found


def _stations(client: SyncClient) -> list[str]:
    return [station["name"] for station in client.call("status")["stations"]]


def _aliases(register: Register) -> Iterator[str]:
    """Yield the name, and the name without its block."""
    station, _, name = register["name"].partition("/")
    yield register["name"]
    yield f"{station}/{name.partition('.')[2]}"


def _bit(register: Register, bit: str) -> Register:
    value, name = register["bits"][bit], register["name"]
    told = {"name": f"{name}.{bit}", "register": name, "value": value, "meaning": str(value).lower(), "bits": {}}
    return {**register, **told}


def _row(register: Register) -> tuple[str, ...]:
    age_s = register["age_s"]
    return (
        ink(register["name"], bold=True),
        _value(register),
        register["unit"] or "-",
        register["owner"],
        "-" if age_s is None else f"{age_s:.1f} s",
        f"{register['space']} {register['address']}",
        register["text"],
    )


def _value(register: Register) -> str:
    return "not read" if register["meaning"] is None else str(register["meaning"])
