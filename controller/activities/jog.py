"""Hold-to-run: one axis creeps while somebody holds it, and stands when the hold ends, however it ends."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from controller.activities import modes
from controller.activities.context import Bench
from controller.activities.primitive import Errand, carry_out, settled
from controller.domain.jogging import HOLD_S, LIMIT_S
from controller.domain.unit import UnitMode
from hal.carriage import Axis
from hal.errors import HalError
from hal.interfaces import Outcome

log = structlog.get_logger(__name__)

ERRAND: Final = Errand(None, "jog")


class Grip:
    """A hand on the button. Once it is lost, for whatever reason, it is never taken up again."""

    def __init__(self, touch: Callable[[], None]) -> None:
        """Take ``touch``, which passes each sign of life on to the PLC. The hold begins now."""
        self._touch = touch
        self._lost = asyncio.Event()
        self._lapse: asyncio.TimerHandle | None = None
        self.renew()

    @property
    def held(self) -> bool:
        """Whether it was renewed in time, always."""
        return not self._lost.is_set()

    def renew(self) -> None:
        """Take a sign of life; one that comes after the end changes nothing."""
        if self.held:
            if self._lapse is not None:
                self._lapse.cancel()
            self._lapse = asyncio.get_running_loop().call_later(HOLD_S, self.let_go)
            self._touch()

    def let_go(self) -> None:
        """End the hold. Idempotent."""
        if self._lapse is not None:
            self._lapse.cancel()
        self._lost.set()

    async def lost(self) -> None:
        """Wait for the end."""
        await self._lost.wait()


def axis_of(bench: Bench, mechanism: str) -> Axis:
    """Return the driver of an axis by its name in `controller.domain.jogging.AXES`."""
    drivers: dict[str, Axis] = {
        "lift": bench.tower.lift,
        "turntable": bench.tower.turntable,
        "shuttle": bench.tower.shuttle,
    }
    return drivers[mechanism]


async def jog(bench: Bench, axis: Axis, grip: Grip, *, forward: bool) -> Outcome | None:
    """Creep while the grip is held; return the outcome, settled, or None if it was lost before anything was asked for.

    The end of the hold is told to the PLC twice: a STOP is written, and its dead-man counter stands still. Cancelled:
    the axis has come to standstill before this raises; the intent stays open for the reconciliation.

    Raises:
        StepFailed: the tower does not take the mode.
        HalError: the tower is not online, or must not be written to.
        OSError: the intent could not be made durable; nothing was issued.

    """
    try:
        await modes.set_at(bench, modes.TOWER, UnitMode.MANUAL)
        if not grip.held:
            return None
        wanted = axis.creep(forward=forward)
        guard = asyncio.create_task(_stop_when_let_go(axis, grip))
        try:
            (outcome,) = await carry_out(bench, ERRAND, wanted, bound_s=LIMIT_S)
        finally:
            if grip.held:
                guard.cancel()
            await asyncio.wait({guard})
        await bench.keeper.commit(*settled(outcome))
        return outcome
    finally:
        grip.let_go()


async def _stop_when_let_go(axis: Axis, grip: Grip) -> None:
    await grip.lost()
    try:
        await axis.mechanism.stop()
    except HalError as error:
        # The dead-man stops it all the same: nobody works it any more.
        log.warning("stop_not_delivered", mechanism=axis.mechanism.name, error=str(error))
