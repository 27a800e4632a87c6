"""A whole tower in service for a benchmark: tower and daemon as processes, stocked, with moves to keep it busy."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.support.processes import Child, Site, site


@contextmanager
def tower_at_work(
    tower: str, profile: str, overrides: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[Site, Child, float]]:
    """Give a tower in service, its daemon, and how long the daemon took from its start to every station's image."""
    with tempfile.TemporaryDirectory() as folder:
        config = ("--config", tower, "--profile", profile)
        with site(Path(folder) / "run", *config, overrides=overrides) as here:
            here.start_simulator("--seed", "11")
            daemon = here.start_daemon()
            here.wait_reconciled(daemon)
            start_s = time.monotonic() - daemon.began
            stock = here.run_dir / "stock.csv"
            stock.write_text(here.cartower_sim("stock"))
            here.cartower("inventory", "import", str(stock))
            yield here, daemon, start_s


def start(here: Site) -> None:
    """Reset and start the unit."""
    with here.client() as client:
        for command, state in (("reset", "IDLE"), ("start", "EXECUTE")):
            client.call("unit", command=command)
            while client.call("status")["unit"]["state"] != state:
                time.sleep(0.2)


def keep_busy(here: Site, seconds: float, look: Callable[[], object] = lambda: None) -> int:
    """Relocate one car to and fro for some seconds, with a look twice a second; return how many moves that were."""
    with here.client() as client:
        status = client.call("status")
        bays = [each for each in status["places"].values() if each["place"] not in status["tower"]["rooms"]]
        car = next(each for each in bays if each["status"] == "occupied")
        free = [each["place"] for each in bays if each["status"] == "free"][:2]
        began = time.monotonic()
        for moves, bay in enumerate(itertools.cycle([*free, car["place"]])):
            if time.monotonic() - began > seconds:
                return moves
            client.call("relocate", car=car["car"], bay=bay)
            while (status := client.call("status"))["job"] is not None or status["queue"]:
                time.sleep(0.5)
                look()
    raise AssertionError("a cycle has no end")
