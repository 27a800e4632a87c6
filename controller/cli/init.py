"""`cartower init`: asks a few questions and writes a tower's file that passes its check."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from controller.cli.config_check import report_lines
from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, NOT_CONFIRMED, USAGE, fail
from controller.cli.init_answers import Asker, Name, Places, Whole
from controller.cli.whole_file import write_whole

if TYPE_CHECKING:
    from config.check import Report
    from config.draft import Draft

EXITS: Final = """\b
Exit codes:
  0   written
  2   wrong use of the command line, or a file that cannot be written
  5   the answers contradict each other; nothing is written
  6   the file is there already, or has warnings, and was not confirmed; nothing is written
"""

BAUDS: Final = ("9600", "19200", "38400", "57600", "115200")

PORT: Final = "bus.NAME.tcp.port"

SCHEMA: Final = "tower.schema.json"

_OPTIONS: Final = (
    click.option("--name", type=Name(), help="Short name: small letters, digits, - and _."),
    click.option("--title", help="Name for people."),
    click.option("--tower-id", type=Whole("tower_id"), help="Identity on the wire, other than any other tower's."),
    click.option("--levels", type=Whole("ring.levels"), help="Levels, the ground included."),
    click.option("--positions", type=Whole("ring.positions"), help="Positions of each level."),
    click.option("--rooms", type=Places(), help="Transfer rooms: places of level 1, such as 101,104,107."),
    click.option("--omitted", type=Places(), help="Places that the steel leaves out, or none."),
    click.option("--level-pitch-mm", type=Whole("ring.level_pitch_mm"), help="Height from level to level."),
    click.option("--profile", help="Machine: slow, medium, fast or brisk."),
    click.option("--host", help="Address of the tower PLC."),
    click.option("--port", type=Whole(PORT), help="Its TCP port."),
    click.option("--baud", type=click.Choice(BAUDS), help="Rate of the serial lines."),
    click.option("--device", "devices", multiple=True, help="Serial device of a line, lowest levels first; repeat."),
)


def _answers(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(
    epilog=shown(
        "cartower init",
        "cartower init my.toml --levels 8 --positions 12 --rooms 101,107",
        "cartower init my.toml --yes --host 10.0.0.5 --device /dev/tower/bays",
        exits=EXITS,
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="tower.toml")
@_answers
@click.option("--yes", is_flag=True, help="Ask nothing: what no option says is as suggested. Replaces no file.")
@click.option("--force", is_flag=True, help="Replace FILE without asking.")
@click.option("--allow-warnings", is_flag=True, help="Write a file of which the check warns.")
def init(
    file: Path, *, yes: bool, force: bool, allow_warnings: bool, devices: tuple[str, ...], **given: Any
) -> None:
    """Describe a new tower: asks for what it must know and writes FILE (default: tower.toml).

    Each question has an option; what is given is not asked. The file passes `cartower config check --strict`, or it
    is not written.
    """
    from config.draft import judged, text_of

    if file.suffix != ".toml":
        fail(USAGE, f"{file}: a tower's file ends in .toml; a bare name would mean a packaged tower")
    if file.exists() and not force and (yes or not _agreed(f"{file} is there already. Replace it?")):
        fail(NOT_CONFIRMED, f"{file} is there already and stays as it is (--force replaces it)")
    draft = _draft(Asker(given, yes), file, devices)
    report = _without_positions(judged(draft, file))
    print("\n".join(report_lines(report, strict=False)))
    _refuse(file, report, ask=not yes, allow_warnings=allow_warnings)
    _write(file, text_of(draft, schema=_schema_beside(file)))
    print(f"written: {file}\nnext: cartower plc-map --config {file}; cartower run --config {file}")


def _without_positions(report: "Report") -> "Report":
    """Return the report on a file that is not there yet: its lines would tell nobody anything."""
    faults, warnings, notes = (
        tuple(replace(each, file="answers", line=0, column=0) for each in findings)
        for findings in (report.faults, report.warnings, report.notes)
    )
    return replace(report, faults=faults, warnings=warnings, notes=notes)


def _agreed(question: str) -> bool:
    return click.confirm(question, default=False)


def _draft(ask: Asker, file: Path, devices: tuple[str, ...]) -> "Draft":
    """Ask whatever no option has said; the devices last, since the other answers tell how many lines there are."""
    from config.draft import Draft, default_device, suggested_id, suggested_name, suggested_rooms, with_room_on_lines
    from config.packaged import packaged

    name = ask.name("name", "Name", suggested_name(file.stem))
    title = ask.text("title", "Title", name.replace("-", " ").title())
    tower_id = ask.whole("tower_id", "Tower id, which the PLCs carry too", suggested_id(name), like="tower_id")
    levels = ask.whole("levels", "Levels, the ground included", 5, like="ring.levels")
    positions = ask.whole("positions", "Positions of each level", 9, like="ring.positions")
    rooms = ask.places("rooms", "Rooms: places of level 1", suggested_rooms(positions))
    omitted = ask.places("omitted", "Places that the steel leaves out", ())
    pitch_mm = ask.whole("level_pitch_mm", "Height from level to level in mm", 2500, like="ring.level_pitch_mm")
    profile = ask.choice("profile", "Machine", tuple(packaged("profiles")), "medium")
    host = ask.text("host", "Address of the tower PLC", "127.0.0.1")
    port = ask.whole("port", "Its TCP port", 15020 if host == "127.0.0.1" else 502, like=PORT)
    baud = int(ask.choice("baud", "Rate of the serial lines", BAUDS, BAUDS[-1]))
    ring = (name, title, tower_id, levels, positions, rooms, omitted, pitch_mm)
    draft = with_room_on_lines(Draft(*ring, profile, host, port, devices, baud), file)
    lines = enumerate(draft.lines)
    named = [draft.devices[i] if i < len(devices) else _device(ask, levels, default_device(i)) for i, levels in lines]
    return replace(draft, devices=tuple(named))


def _device(ask: Asker, levels: tuple[int, ...], suggested: str) -> str:
    which = f"level {levels[0]}" if len(levels) == 1 else f"levels {levels[0]} to {levels[-1]}"
    return ask.text("", f"Serial device of the line of {which}", suggested)


def _refuse(file: Path, report: "Report", *, ask: bool, allow_warnings: bool) -> None:
    """End here if the file should not be written."""
    if report.faults:
        fail(BAD_CONFIGURATION, f"{file} is not written: the answers contradict each other")
    agreed = not report.warnings or allow_warnings or (ask and _agreed("Write it all the same?"))
    if not agreed:
        fail(NOT_CONFIRMED, f"{file} is not written (--allow-warnings writes it)")


def _schema_beside(file: Path) -> str:
    """See that an editor finds the schema beside the file; return its name, whoever put it there."""
    from config.json_schema import schema_text

    beside = file.with_name(SCHEMA)
    if not beside.exists():
        _write(beside, schema_text())
    return SCHEMA


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        fail(USAGE, f"cannot write {file}: {error.strerror}")
    except UnicodeEncodeError:
        fail(USAGE, f"cannot write {file}: an answer is not UTF-8 text; does the terminal speak it?")
