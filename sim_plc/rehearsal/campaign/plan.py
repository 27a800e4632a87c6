"""What a campaign is about: tower, seeds, length; and what of it decides on every result."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from config.schema import Tower
from sim_plc.rehearsal.run import Options

PACKAGES: Final = ("controller", "hal", "sim_plc", "config")

SUFFIXES: Final = (".py", ".toml")


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign: seeds ``first`` to ``last``, both included, of ``minutes`` each."""

    tower: Tower
    first: int
    last: int
    minutes: float
    options: Options

    @property
    def seeds(self) -> range:
        """Every seed."""
        return range(self.first, self.last + 1)

    def key(self) -> dict[str, object]:
        """Return what two runs must share for their results to belong together; the seeds are not part of it."""
        return {
            "tower": self.tower.name,
            "tower_digest": _digest(self.tower.model_dump_json()),
            "minutes": self.minutes,
            "options": _digest(repr(sorted(asdict(self.options).items()))),
            "program": program_digest(),
        }


def program_digest() -> str:
    """Return a digest of every source file and packaged tower of ours: of what was tried."""
    sha = hashlib.sha256()
    for package in PACKAGES:
        for name, source in sorted(_sources(files(package), package)):
            sha.update(f"{name}\0".encode())
            sha.update(source.read_bytes())
    return sha.hexdigest()[:16]


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, name)
        elif entry.name.endswith(SUFFIXES):
            yield name, entry


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
