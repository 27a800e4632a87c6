"""The file of a campaign: a head that says what was tried, then a line for each seed as it ends."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from sim_plc.rehearsal.campaign.verdict import SeedResult

FILE: Final = "seeds.jsonl"


class OtherCampaign(ValueError):
    """The folder holds results of another tower, length, options or program."""


class SeedLedger:
    """Results that survive the campaign's own end, whatever ends it. One campaign at a time writes to a folder."""

    def __init__(self, folder: Path, key: Mapping[str, object], *, fresh: bool = False) -> None:
        """Open the results of a campaign in ``folder``, or begin them; ``fresh``: begin anew.

        Raises:
            OtherCampaign: results of another campaign are there.
            OSError: the folder cannot be used.

        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        self.results: dict[int, SeedResult] = {}
        if fresh or not self._path.exists():
            self._write_head(key)
        self._read(key)
        self._file: IO[str] = self._path.open("a", encoding="utf-8")

    def keep(self, result: SeedResult) -> None:
        """Keep a result: it is in the file when this returns."""
        self.results[result.seed] = result
        self._file.write(result.line() + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write_head(self, key: Mapping[str, object]) -> None:
        self._path.write_text(json.dumps(dict(key), sort_keys=True) + "\n", encoding="utf-8")

    def _read(self, key: Mapping[str, object]) -> None:
        text = self._path.read_text(encoding="utf-8")
        whole = text.rfind("\n") + 1
        if whole < len(text):
            # The campaign was killed while it wrote: that seed is run again.
            os.truncate(self._path, len(text[:whole].encode()))
        head, *lines = text[:whole].splitlines() or ["{}"]
        if (found := json.loads(head)) != dict(key):
            raise OtherCampaign(f"{self._path} holds other results: {_difference(found, key)}; begin with --fresh")
        for line in lines:
            result = SeedResult.from_line(line)
            self.results[result.seed] = result


def _difference(found: Mapping[str, object], key: Mapping[str, object]) -> str:
    other = {name: value for name, value in key.items() if found.get(name) != value}
    return ", ".join(f"{name} {found.get(name)} instead of {value}" for name, value in other.items())
