"""`cartower doctor`: look over the computer at a tower, with the daemon down or up, and say what to do."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from controller.api.messages import ApiError, NotReachable
from controller.api.sync_client import SyncClient
from controller.cli.checks.finding import Finding, Level, fail
from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, OTHERWISE
from controller.cli.exits import fail as exit_with
from controller.cli.options import SOCKET, TRACES, json_option, run_dir_option
from controller.cli.output import BAD, GOOD, ODD, emit_json, for_people, ink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Tower

COLOURS: Final = {Level.OK: GOOD, Level.WARN: ODD, Level.FAIL: BAD}


@click.command(
    epilog=shown("cartower doctor", "cartower doctor --config guangzhou", "cartower doctor --json | jq .ok")
)
@click.option("--config", "config_file", help="Tower whose lines are looked at: a TOML file, or a packaged one's name.")
@run_dir_option
@json_option
def doctor(config_file: str | None, run_dir: Path, *, as_json: bool) -> None:
    """Look over this computer and the tower: each line ok, warn or fail, and what to do.

    Without a daemon: versions, clock, disk, socket, journal, and with --config the devices and addresses of its buses.
    With a daemon: its buses and stations, too. Nothing is changed, and nothing is sent to a PLC beside the daemon.

    Exits 4 if a check fails; a warning is no failure.
    """
    found = []
    for each in findings(run_dir, _tower(config_file)):
        found.append(each)
        if not as_json:
            _tell(each)
    counts = Counter(each.level for each in found)
    if as_json:
        emit_json(as_body(found))
    elif for_people():
        print(f"\n{counts[Level.OK]} ok, {counts[Level.WARN]} to look at, {counts[Level.FAIL]} failed")
    if counts[Level.FAIL]:
        sys.exit(OTHERWISE)


def _tower(config_file: str | None) -> "Tower | None":
    if config_file is None:
        return None
    from config.faults import ConfigError
    from config.load import load_tower

    try:
        return load_tower(config_file)
    except ConfigError as error:
        exit_with(BAD_CONFIGURATION, str(error))


def as_body(found: Iterable[Finding]) -> "Mapping[str, object]":
    """Return findings as JSON-able data."""
    checks = [{"level": each.level, "what": each.what, "seen": each.seen, "todo": each.todo} for each in found]
    return {"ok": all(check["level"] is not Level.FAIL for check in checks), "checks": checks}


def findings(run_dir: Path, tower: "Tower | None") -> Iterator[Finding]:
    """Look over the computer and the tower, one thing after another; ``tower`` is None where none was named."""
    from controller.cli.checks.clock import check_clock
    from controller.cli.checks.names import check_names
    from controller.cli.checks.stations import check_stations
    from controller.cli.checks.storage import check_run_dir, check_socket
    from controller.cli.checks.versions import check_versions
    from controller.cli.offline import check_journal, check_traces

    yield from check_versions()
    yield from check_clock()
    if tower is not None:
        yield from check_names(tower)
    yield from check_run_dir(run_dir)
    yield from check_journal(run_dir / "journal.sqlite")
    yield from check_traces(run_dir / TRACES, run_dir / SOCKET)
    yield from check_socket(run_dir / SOCKET)
    try:
        told = _told(run_dir / SOCKET)
    except ApiError as error:
        yield fail("daemon", error.text, "look at its log")
        return
    yield from _wires(run_dir, tower, told)
    if told is not None:
        yield from check_stations(*told)


def _told(socket: Path) -> "tuple[Mapping[str, Any], Mapping[str, Any]] | None":
    """Return status and buses as the daemon tells them; None without a daemon.

    Raises:
        ApiError: it answers otherwise than it should.

    """
    try:
        with SyncClient(socket) as client:
            return client.call("status"), client.call("bus.stats")
    except NotReachable:
        return None


def _wires(run_dir: Path, tower: "Tower | None", told: "tuple[Mapping[str, Any], Any] | None") -> Iterator[Finding]:
    """Look at the ways to the stations: those of the configuration, else those that the daemon uses."""
    from controller.cli.checks.wires import Address, Line, check_address, check_line

    for bus in _buses(tower, told):
        if "device" in bus:
            yield from check_line(Line(bus["name"], run_dir / bus["device"]))
        else:
            yield from check_address(Address(bus["name"], bus["host"], bus["port"]), connect=told is None)


def _buses(tower: "Tower | None", told: "tuple[Any, Mapping[str, Any]] | None") -> "list[Mapping[str, Any]]":
    if tower is not None:
        return [{"name": name, **bus.model_dump(include={"device", "host", "port"})} for name, bus in tower.bus.items()]
    return [] if told is None else [{"name": bus["name"], **bus["address"]} for bus in told[1]["buses"]]


def _tell(each: Finding) -> None:
    if not for_people():
        print(f"{each.level}\t{each.what}\t{each.seen}\t{each.todo}".rstrip("\t"))
        return
    print(f"{ink(f'{each.level:<4}', COLOURS[each.level], bold=True)} {_broken(f'{each.what}: {each.seen}')}")
    if each.todo:
        print(f"     {ink('do', bold=True)} {_broken(each.todo, indent=8)}")


def _broken(text: str, indent: int = 5) -> str:
    """Return a text broken to the terminal, for a place so far from its left edge."""
    lines = textwrap.wrap(text, max(shutil.get_terminal_size().columns - indent, 20), break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)
