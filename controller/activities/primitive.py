"""One command, exactly once: intent durable, written, outcome proven. The only place that issues motion."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from controller.activities.context import Bench
from controller.activities.meter import Meter, meter
from controller.domain.records import Halted, Issued, Planned, Record, Settled
from controller.domain.travel import deadline_s, latest_s
from hal.errors import HalError, Maintenance
from hal.interfaces import Leeway, Outcome, Prepared, Verdict

log = structlog.get_logger(__name__)

HALT_S = 10.0
"""How long a cancelled activity waits for standstill; the safety chain and the PLC's watchdog do not depend on it."""


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom a command is issued: the job (None: the unit or a room) and the step's name."""

    job: int | None
    step: str


class StepFailed(Exception):
    """A step ended otherwise than it should; ``outcome`` is what the PLC says, ``rule`` a short name."""

    def __init__(self, rule: str, text: str, outcome: Outcome | None = None) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule
        self.text = text
        self.outcome = outcome


async def carry_out(
    bench: Bench, errand: Errand, *wanted: Prepared, bound_s: float, still_s: float | None = None
) -> tuple[Outcome, ...]:
    """Carry out commands together and return their outcomes in order, none of them settled yet.

    The caller settles them in one commit with what they prove (`settled`). ``bound_s`` is the physical bound of the
    slowest. With ``still_s`` an axis that gets on, and stands for no longer than that, is waited for beyond its
    deadline. Where few motions may run at a time it waits for its turn, with nothing planned yet. Cancelled: every
    mechanism is stopped and has come to standstill before this raises; the intents stay open for the reconciliation.
    The same where the wait for one of them ends by an error: none runs on that nobody follows.

    Raises:
        OSError: the intent could not be made durable; nothing was issued.

    """
    async with bench.motions.admitted(sum(moves(each.mechanism) for each in wanted)):
        return await _carry_out(bench, errand, wanted, bound_s, still_s)


def moves(mechanism: str) -> bool:
    """Return whether a mechanism, by its full name, moves anything: signs and the stations themselves do not."""
    return not mechanism.endswith(("signal", "station"))


async def _carry_out(
    bench: Bench, errand: Errand, wanted: Sequence[Prepared], bound_s: float, still_s: float | None
) -> tuple[Outcome, ...]:
    await bench.keeper.commit(*(_planned(each, errand) for each in wanted))
    leeway = None if still_s is None else Leeway(latest_s(bound_s), still_s)
    limit_s = (deadline_s(bound_s) if leeway is None else leeway.latest_s) + HALT_S
    meters = [meter(bench, each, limit_s) for each in wanted]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_one(bench, each, bound_s, leeway)) for each in meters]
    except BaseException:
        await halt(bench, [each.mechanism for each in wanted])
        bench.keeper.note(*(_left(each, task) for each, task in zip(meters, tasks, strict=True)))
        raise
    return tuple(task.result() for task in tasks)


async def carry_out_ok(
    bench: Bench, errand: Errand, *wanted: Prepared, bound_s: float, still_s: float | None = None
) -> list[Record]:
    """Carry out commands that must succeed; return the records that settle them, not committed yet.

    Raises:
        StepFailed: one of them ended otherwise; all are settled durably.

    """
    outcomes = await carry_out(bench, errand, *wanted, bound_s=bound_s, still_s=still_s)
    records = settled(*outcomes)
    for outcome in outcomes:
        if outcome.verdict is not Verdict.OK:
            await bench.keeper.commit(*records)
            raise failure(outcome)
    return records


@dataclass(frozen=True, slots=True)
class Motion:
    """A motion to come: ``command`` numbers it anew, ``bound_s`` is its physical bound."""

    command: Callable[[], Prepared]
    bound_s: float
    still_s: float | None = None
    """For how long it may stand, if one that gets on is waited for beyond its deadline."""


@dataclass(frozen=True, slots=True)
class Legs:
    """What came of motions: the records of the last ones, not committed yet, and how they followed each other."""

    records: list[Record]
    bound_s: float
    commands: int
    """How many followed each other."""


async def carry_out_legs(bench: Bench, errand: Errand, *motions: Motion) -> Legs:
    """Carry out motions that must succeed: together, or one after the other where few may run at a time.

    Raises:
        StepFailed: one of them ended otherwise; all that were begun are settled durably.

    """
    left, legs = list(motions), Legs([], 0.0, 0)
    while left:
        # What has ended is kept before the next begins: a failure of that one is not this one's.
        await bench.keeper.commit(*legs.records)
        leg, left = left[: bench.axes], left[bench.axes :] if bench.axes else []
        bound_s = max(each.bound_s for each in leg)
        still_s = max((each.still_s for each in leg if each.still_s is not None), default=None)
        commands = (each.command() for each in leg)
        records = await carry_out_ok(bench, errand, *commands, bound_s=bound_s, still_s=still_s)
        legs = Legs(records, legs.bound_s + bound_s, legs.commands + 1)
    return legs


def settled(*outcomes: Outcome) -> list[Record]:
    """Return the records that settle outcomes."""
    return [
        Settled(
            each.prepared.mechanism, each.prepared.sequence, each.verdict.name, each.reason.name, each.ran_ms, each.way
        )
        for each in outcomes
    ]


def failure(outcome: Outcome) -> StepFailed:
    """Return the error that tells of an outcome other than OK."""
    told = outcome.reason and outcome.verdict in (Verdict.REFUSED, Verdict.FAULT)
    rule = outcome.reason.name if told else outcome.verdict.name
    text = f"{outcome.prepared.mechanism}: {outcome.verdict.name}"
    if outcome.reason:
        text += f" ({outcome.reason.name})"
    return StepFailed(rule, f"{text} {outcome.text}".strip(), outcome)


def _planned(prepared: Prepared, errand: Errand) -> Planned:
    content = prepared.content
    return Planned(
        prepared.mechanism,
        prepared.sequence,
        content.opcode,
        content.argument1,
        content.argument2,
        content.expected_from,
        prepared.check,
        prepared.boot_id,
        errand.job,
        errand.step,
    )


async def _one(bench: Bench, metered: Meter, bound_s: float, leeway: Leeway | None) -> Outcome:
    prepared = metered.prepared
    mechanism = bench.tower.mechanism(prepared.mechanism)
    try:
        await mechanism.issue(prepared)
    except HalError as error:
        # It may have arrived all the same: the outcome table decides, not this error.
        log.warning("command_write_failed", mechanism=prepared.mechanism, sequence=prepared.sequence, error=str(error))
    bench.keeper.note(Issued(prepared.mechanism, prepared.sequence, prepared.check, prepared.boot_id))
    return metered.on(
        await mechanism.outcome(prepared, deadline_s=deadline_s(bound_s), expected_s=bound_s, leeway=leeway)
    )


def _left(metered: Meter, task: "asyncio.Task[Outcome]") -> Halted:
    """Return what a command cost that was left: until its own end if it had one before, else until now."""
    prepared = metered.prepared
    if task.done() and not task.cancelled() and task.exception() is None:
        outcome = task.result()
        return Halted(prepared.mechanism, prepared.sequence, outcome.ran_ms, outcome.way)
    return Halted(prepared.mechanism, prepared.sequence, *metered.read())


async def halt(bench: Bench, names: Sequence[str]) -> None:
    """Stop mechanisms, by their full names, and wait for standstill, under a deadline of its own."""
    try:
        async with asyncio.timeout(HALT_S), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(_stop(bench, name))
    except TimeoutError:
        # The reconciliation finds out; the PLC's own watchdog and the safety chain do not wait for this.
        log.warning("halt_not_proven", mechanisms=list(names))


async def _stop(bench: Bench, name: str) -> None:
    try:
        await bench.tower.mechanism(name).stop()
    except Maintenance:
        with suppress(HalError):
            # Nothing is written, and the PLC brings it to rest by itself.
            await bench.news.until(lambda: bench.tower.mechanism(name).status().executing == 0, HALT_S)
    except HalError as error:
        log.warning("stop_not_delivered", mechanism=name, error=str(error))
