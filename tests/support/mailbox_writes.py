"""Counts what arrives in the mailboxes of a rehearsed tower, at its PLCs."""

from collections.abc import Sequence
from typing import Any

import pytest

from sim_plc.program.station_program import StationProgram
from sim_plc.rehearsal.world import World


def mailbox_writes(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets a station's name with each write, from now on, beside its controller block."""
    seen: list[str] = []
    write = StationProgram.write
    heads = {name: each.controller_block for name, each in world.tower.maps.items()}

    def noted(self: StationProgram[Any], address: int, words: Sequence[int]) -> None:
        # Of this world alone: a tower of another test may be served by a thread of this process.
        if self in world.programs and address != heads[self.name]:
            seen.append(self.name)
        write(self, address, words)

    monkeypatch.setattr(StationProgram, "write", noted)
    return seen
