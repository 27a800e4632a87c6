"""Options that many commands share, and what they mean."""

import math
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

RUN_DIR: Final = ".run"
"""Run directory of a tower that nobody named, under the working directory."""

SOCKET: Final = "cartower.sock"

JOURNAL: Final = "journal.sqlite"

TRACES: Final = "traces"

run_dir_option = click.option(
    "--run-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CARTOWER_RUN_DIR",
    default=RUN_DIR,
    show_default=True,
    show_envvar=True,
    help="Where the daemon keeps its socket and journal.",
)


class Finite(click.FloatRange):
    """A number within limits. NaN is none: of any limit it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number of a text."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


_socket_option = click.option("--socket", type=click.Path(path_type=Path), help="The daemon's socket itself.")


def daemon_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --socket and --run-dir; the command gets the path of the daemon's socket as ``socket``."""

    @wraps(command)
    def with_socket(*args: Any, socket: Path | None, run_dir: Path, **kwargs: Any) -> None:
        command(*args, socket=run_dir / SOCKET if socket is None else socket, **kwargs)

    return run_dir_option(_socket_option(with_socket))


def overrides(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read KEY=VALUE pairs."""
    pairs: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE")
        pairs[key.strip()] = text.strip()
    return pairs


set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    callback=overrides,
    metavar="KEY=VALUE",
    help="Override a key of the configuration, such as bus.tower.port=1502. May be repeated.",
)

profile_option = click.option("--profile", help="Machine profile in place of the file's.")
