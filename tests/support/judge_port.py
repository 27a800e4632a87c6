"""Judges a port against hostile slaves: nothing wrong is accepted, and it is never deaf once they behave."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from hal.errors import HalError, LinkDown, Refused
from hal.modbus_link import ModbusLink
from tests.support.exchanges import UNITS, Exchange, draw
from tests.support.hostile import Hostile

STORM = 48
"""Exchanges between two calms."""

CALM = 3
"""Exchanges that must each succeed at once when everything that was under way has ended."""


class Accepted(AssertionError):
    """A port took something for an answer that was none."""


class Deaf(AssertionError):
    """A port did not hear a slave that behaves."""


@dataclass
class Tally:
    """How the exchanges of a run ended."""

    exchanges: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    longest_deaf_s: float = 0.0

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {name}" for name, count in sorted(self.ends.items()))
        return f"{self.exchanges} exchanges: {ends}; heard again within {self.longest_deaf_s:.2f} s"


async def judge(
    link: ModbusLink, slave: Hostile, seed: int, exchanges: int, *, deaf_s: float, abreast: bool = False
) -> Tally:
    """Run exchanges through storms and calms.

    ``deaf_s``: so long after a storm a port that tries again and again may go without a right answer. ``abreast``:
    in storms every unit is asked by somebody of its own, at the same time, and one of them in a hurry.

    Raises:
        Accepted: a wrong answer was accepted.
        Deaf: the port did not come back, or failed a slave that behaves.

    """
    rng, tally = random.Random(seed), Tally()
    while tally.exchanges < exchanges:
        slave.calm = False
        if abreast:
            await asyncio.gather(*(_storm(link, slave, rng, tally, (unit,)) for unit in UNITS))
        else:
            await _storm(link, slave, rng, tally, UNITS)
        slave.calm = True
        await _be_heard(link, slave, rng, tally, deaf_s)
        await asyncio.sleep(2 * slave.times.late_s + slave.times.timeout_s)
        for _ in range(CALM):
            error = await _one(link, slave, rng, tally)
            if error is not None:
                raise Deaf(f"seed {seed}, exchange {tally.exchanges}: {error!r} from a slave that behaves")
    await link.close()
    return tally


async def _storm(
    link: ModbusLink, slave: Hostile, rng: random.Random, tally: Tally, units: Sequence[int]
) -> None:
    for _ in range(STORM):
        await _one(link, slave, rng, tally, units)
        if rng.random() < 0.1:
            await asyncio.sleep(rng.uniform(0.0, slave.times.timeout_s))


async def _be_heard(link: ModbusLink, slave: Hostile, rng: random.Random, tally: Tally, deaf_s: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (error := await _one(link, slave, rng, tally)) is not None:
        if loop.time() - began > deaf_s:
            raise Deaf(f"exchange {tally.exchanges}: for {loop.time() - began:.1f} s; last: {error!r}")
    tally.longest_deaf_s = max(tally.longest_deaf_s, loop.time() - began)


async def _one(
    link: ModbusLink, slave: Hostile, rng: random.Random, tally: Tally, units: Sequence[int] = UNITS
) -> Exception | None:
    """Ask one exchange, connecting first if need be; return why it failed."""
    tally.exchanges += 1
    unit = rng.choice(units)
    x = slave.at_hand[unit] = draw(rng, tally.exchanges, unit, slave.at_hand.get(unit))
    error: Exception | None = None
    try:
        await link.connect()
        async with _patience(slave, rng):
            result = await x.ask(link, urgent=unit == UNITS[0])
    except (HalError, TimeoutError) as failure:
        error = failure
    if error is None:
        _judge_answer(x, slave, result)
    elif isinstance(error, Refused):
        if slave.refused.get(x.number) != error.code or error.function != x.function:
            raise Accepted(f"{x}: {error}; the slave's own: {slave.refused.get(x.number)}")
    elif isinstance(error, LinkDown) and not slave.calm:
        await asyncio.sleep(0.01)
    tally.ends[type(error).__name__ if error else "right"] += 1
    return error


def _judge_answer(x: Exchange, slave: Hostile, result: object) -> None:
    if result != x.result:
        raise Accepted(f"{x}: {result}, not {x.result}")
    if x.number not in slave.answered:
        raise Accepted(f"{x}: done, before its answer had come")


def _patience(slave: Hostile, rng: random.Random) -> AbstractAsyncContextManager[object]:
    """Now and then give up before the port does."""
    if slave.calm or rng.random() > 0.05:
        return nullcontext()
    return asyncio.timeout(rng.uniform(0.0, slave.times.timeout_s))
