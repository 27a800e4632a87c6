"""Commands that run together: the wait for one ends by an error, and the others are not left to run on."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from controller.activities.motions import Motions
from controller.activities.primitive import Errand, carry_out
from controller.domain.records import Halted, Planned
from hal.errors import NotOnline
from hal.interfaces import Outcome, Prepared, Verdict
from hal.plcmap.codes import MechanismKind, Opcode
from hal.plcmap.frame import Content
from sim_plc.rehearsal.loop import run


class Axis:
    """A mechanism out of sight whose command runs for ever, or until what waits for it breaks."""

    def __init__(self, name: str, kind: MechanismKind, breaks: Exception | None) -> None:
        self.name, self.kind, self._breaks = name, kind, breaks
        self.stops = 0

    def status(self) -> None:
        raise NotOnline(self.name)

    async def issue(self, prepared: Prepared) -> None:
        pass

    async def outcome(self, prepared: Prepared, **_: object) -> Outcome:
        await asyncio.sleep(1.0)
        if self._breaks is not None:
            raise self._breaks
        await asyncio.sleep(1e6)
        return Outcome(prepared, Verdict.OK)

    async def stop(self) -> None:
        self.stops += 1


def test_an_error_beside_a_motion_stops_both() -> None:
    async def scenario() -> None:
        lift = Axis("tower/lift", MechanismKind.LIFT, None)
        turntable = Axis("tower/turntable", MechanismKind.TURNTABLE, ValueError("250 is not a valid Reason"))
        axes, notes = {each.name: each for each in (lift, turntable)}, list[object]()

        async def commit(*records: object) -> None:
            notes.extend(records)

        bench: Any = SimpleNamespace(
            motions=Motions(lambda: None),
            keeper=SimpleNamespace(commit=commit, note=lambda *records: notes.extend(records)),
            tower=SimpleNamespace(mechanism=axes.__getitem__),
        )
        wanted = [Prepared(name, 1, Content(int(Opcode.MOVE_TO), 100, 0), 0) for name in axes]
        with pytest.raises(ExceptionGroup):
            await carry_out(bench, Errand(1, "POSITIONING"), *wanted, bound_s=60.0)
        assert (lift.stops, turntable.stops) == (1, 1)
        assert [type(each) for each in notes].count(Planned) == 2
        assert {each.mechanism for each in notes if isinstance(each, Halted)} == set(axes)

    run(scenario())
