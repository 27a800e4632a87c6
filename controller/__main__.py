"""``cartower``, and ``python -m controller``: the command line, with the daemon that its `run` starts."""

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from controller.cli.main import cartower

if TYPE_CHECKING:
    from config.schema import Site, Tower


def serve(
    tower: "Tower", site: "Site", log_level: str, capture: "TextIO | None" = None, record: Path | None = None
) -> int:
    """Run the daemon until SIGTERM or SIGINT; return the exit code."""
    # What is imported lives as long as the process: a full collection would walk over it for nothing, each time for
    # as long as a poll takes, and the imports alone would bring about ten.
    gc.disable()
    import asyncio

    from controller import app, logs

    gc.freeze()
    gc.enable()
    logs.set_up(now=time.time, level=log_level)
    return asyncio.run(app.run(tower, site, capture, record))


def main() -> None:
    """Run the command line."""
    cartower(prog_name="cartower", obj=serve)


if __name__ == "__main__":
    main()
