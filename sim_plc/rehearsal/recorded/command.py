"""The command `cartower-sim recorded`."""

import sys
from pathlib import Path
from typing import Final

import click

from config.faults import ConfigError
from config.load import load_tower
from sim_plc.rehearsal.recorded.folder import BadRecording, read
from sim_plc.rehearsal.recorded.replay import live_through
from sim_plc.rehearsal.recorded.tape import TOLERANCE_S
from sim_plc.rehearsal.silence import silence_daemons

DIFFERENT: Final = 1
UNREADABLE: Final = 2
BAD_CONFIGURATION: Final = 5

CODES: Final = """\b
Exit codes:
  0  the daemon did what it did then
  1  it did something else: the first difference is told
  2  wrong use, or no recording
  5  faults in a configuration
"""


@click.command(epilog=CODES)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--tower", "tower_file", help="A TOML file, or a packaged tower's name, in place of the recorded one.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.1),
    default=TOLERANCE_S,
    show_default=True,
    metavar="SECONDS",
    help="How much earlier or later than then the same may be done.",
)
def recorded(folder: Path, tower_file: str | None, tolerance: float) -> None:
    """Let the daemon live through a recorded run again, in virtual time.

    FOLDER is what `cartower run --record FOLDER` has left, on the machine or beside the software PLCs. What stations
    showed and people asked then comes again at its time; what the daemon does is held against what it did: the
    commands to each mailbox, epochs, answers, what is told of unit, jobs, rooms and looks into bays, and what is
    believed of every place and job at the end.
    """
    try:
        tower = None if tower_file is None else load_tower(tower_file)
        recording = read(folder)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)
    except (BadRecording, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(UNREADABLE)
    silence_daemons()
    outcome = live_through(recording, tower, tolerance)
    print(outcome)
    sys.exit(0 if outcome.difference is None else DIFFERENT)
