"""`cartower sheet`: pages on paper with which a car is brought down by hand."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, JOURNAL, USAGE, fail
from controller.cli.options import JOURNAL as JOURNAL_FILE
from controller.cli.options import json_option, run_dir_option
from controller.cli.output import emit_json
from controller.cli.retrieval import Sheet, as_json, sheets
from controller.cli.sheet_html import html_pages
from controller.cli.sheet_text import text_pages
from controller.cli.whole_file import write_whole
from controller.domain.book import Book
from controller.store.belief import believed
from controller.store.errors import JournalDamaged

if TYPE_CHECKING:
    from config.schema import Tower


@click.command(
    epilog=shown(
        "cartower sheet --config guangzhou -o sheets.html",
        "cartower sheet 305 --config my.toml --format text | lpr",
        "cartower sheet 305 307 --config my.toml --json",
    )
)
@click.argument("bays", type=int, nargs=-1)
@click.option("--config", "config_file", required=True, help="Tower: a TOML file, or the name of a packaged one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text"]),
    default="html",
    show_default=True,
    help="For a browser, or for a printer as it is.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here, not to the output.")
@run_dir_option
@json_option
def sheet(
    bays: tuple[int, ...], config_file: str, form: str, output: Path | None, run_dir: Path, *, as_json: bool
) -> None:
    """Print a page for each of BAYS (all without any): how a car is brought down by hand, with no computer at all.

    Height, angle, level and position; which car was believed there; the ways to the rooms; the steps, and blanks to
    be signed. Marks come from the configuration, the belief from the journal, the daemon up or down. Print all of them
    each night: paper needs no mains.
    """
    tower = _tower(config_file)
    unknown = [bay for bay in bays if bay not in tower.shape.bays]
    if unknown:
        fail(USAGE, f"no bay of {tower.name}: {', '.join(map(str, unknown))}; `cartower places` lists the bays")
    book, as_of = _belief(run_dir / JOURNAL_FILE)
    pages = sheets(tower, bays or tower.shape.bays, book, as_of)
    if as_json:
        emit_json(_body(pages))
        return
    _put(text_pages(pages) if form == "text" else html_pages(pages), output)


def _tower(config_file: str) -> "Tower":
    from config.faults import ConfigError
    from config.load import load_tower

    try:
        return load_tower(config_file)
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))


def _belief(journal: Path) -> tuple[Book | None, str]:
    """Return what is believed and as of when; whatever is the matter with the journal, the marks are printed."""
    try:
        belief = believed(journal)
    except (JournalDamaged, OSError) as error:
        print(f"without belief: {error}", file=sys.stderr)
        return None, f"{_now()}, without the journal: {error}"
    if belief.entry == 0:
        return belief.book, f"{_now()}, an empty journal"
    at = datetime.fromtimestamp(belief.at, UTC).isoformat(timespec="seconds")
    return belief.book, f"journal entry {belief.entry} of {at}, printed {_now()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _body(pages: list[Sheet]) -> dict[str, object]:
    return {"sheets": [as_json(page) for page in pages]}


def _put(text: str, output: Path | None) -> None:
    if output is None:
        print(text, end="")
        return
    try:
        write_whole(output, text)
    except OSError as error:
        fail(JOURNAL, f"cannot write {output}: {error.strerror}")
