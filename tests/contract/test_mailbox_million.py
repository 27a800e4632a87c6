"""A million commands over links that lose, double, delay and reorder, past crashes and restarts: each at most once.

All mailboxes of a station work at once, so that a poll serves them all. The truth is what the station did, kept by
intents; nothing may be skipped but what a STOP jumped over or the journal calls void.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hal.interfaces import Verdict
from hal.outcome_table import Row
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import Fault
from tests.contract.test_mailbox_model import REMOVED, Act, Model, Plan, judge_claims
from tests.support.mailbox_daemon import Entry, Tempo
from tests.support.mailbox_plc import ALL, WIDE_MAP, MailboxPlc

MILLION = 1_000_000
CHUNK = 10_000
QUICK = 400

LOSS = {Fault.LOSE_REQUEST: 0.12, Fault.LOSE_ANSWER: 0.12, Fault.DELAY: 0.06}
"""Together 30 %; what is delayed is lost for whoever sent it, and comes out of order up to four seconds later."""

RATES = LOSS | {Fault.DUPLICATE: 0.5, Fault.CUT: 0.005, Fault.CUT_AFTER: 0.005}

BRISK = Tempo(
    durations_ms=(0, 0, 0, 10, 100),
    pauses_s=(0.0, 0.03),
    records_s=(0.0, 0.002),
    grace_s=(0.3, 2.0),
    refused_s=0.1,
    settle_s=0.1,
)

ACTS = (Act.STOP, Act.STOP, Act.BUSY, Act.CRASH, Act.WARM, Act.CUT, Act.SILENCE)
FORGETFUL = (*ACTS, Act.COLD)

PAUSE_S = 6.0
HURRY_S = 2.0
"""Between two acts at the most: in a chunk, and where a few commands have to meet them all."""


@dataclass(frozen=True)
class Figures:
    """What became of the commands of one run."""

    commands: int
    stops: int
    crashes: int
    restarts: int
    lost: int
    duplicated: int
    delayed: int
    executed_twice: int
    skipped: int
    gaps: int
    void: int
    unknown: int
    requests: int

    def __str__(self) -> str:
        loss = (self.lost + self.delayed) / self.requests
        return (
            f"{self.commands} commands and {self.stops} STOPs, {self.crashes} crashes, {self.restarts} restarts, "
            f"{self.requests} requests: {loss:.0%} lost ({self.delayed} of them came late), "
            f"{self.duplicated / self.requests:.0%} duplicated; executed twice {self.executed_twice}, "
            f"skipped {self.skipped}, gaps {self.gaps}, void {self.void}, unknown {self.unknown}"
        )


def plan(seed: int) -> Plan:
    """Plan a run that begins anywhere in the numbers, also just before their wrap."""
    accepted = random.Random(seed).choice((0, 1, 32_766, 65_000, 65_534))
    return Plan(seed, accepted, (), RATES, BRISK, WIDE_MAP, ALL, timeout_s=0.05)


async def work(seed: int, commands: int, acts: Sequence[Act], pause_s: float) -> tuple[Model, Counter[Act]]:
    """Let a station work off so many commands, whatever happens meanwhile, and heal."""
    model, dice, done = Model(plan(seed)), random.Random(f"acts {seed}"), Counter[Act]()
    model.start()
    while sum(len(record.entries) for record in model.journal.records.values()) < commands:
        await asyncio.sleep(dice.uniform(0.0, pause_s))
        act = dice.choice(acts)
        done[act] += 1
        await model.act(act)
        if act is Act.COLD:
            await asyncio.sleep(dice.uniform(0.0, pause_s))
            await model.act(Act.PERSON)
    await model.heal()
    return model, done


def figures(model: Model, done: Counter[Act]) -> Figures:
    """Hold the journal against what the station did."""
    entries, plc, struck = model.journal.entries, model.plc, model.struck
    verdicts = Counter(entry.outcome.verdict for entry in entries if entry.outcome is not None)
    return Figures(
        commands=len(entries),
        stops=sum(record.stops for record in model.journal.records.values()),
        crashes=done[Act.CRASH],
        restarts=plc.power_ups - 1,
        lost=struck[Fault.LOSE_REQUEST] + struck[Fault.LOSE_ANSWER],
        duplicated=struck[Fault.DUPLICATE],
        delayed=struck[Fault.DELAY],
        executed_twice=sum(times > 1 for times in plc.executed.values()),
        skipped=sum(skipped(entry, plc) for entry in entries),
        gaps=plc.gaps,
        void=verdicts[Verdict.VOID],
        unknown=verdicts[Verdict.UNKNOWN],
        requests=sum(struck.values()),
    )


def skipped(entry: Entry, plc: MailboxPlc) -> bool:
    """Tell whether a command was neither run nor answered by the station, and nobody recorded that it was not."""
    if plc.executed[entry.intent] or entry.intent in plc.results:
        return False
    return entry.outcome is None or entry.outcome.verdict not in (Verdict.VOID, Verdict.UNKNOWN)


def unknown_texts(model: Model) -> set[str]:
    """Return why outcomes are unknown.

    Without a loss of memory there is one reason: a command that came while another ran was followed by more than a
    station keeps outcomes of before its own could be read over such a link.
    """
    outcomes = [entry.outcome for entry in model.journal.entries if entry.outcome is not None]
    return {outcome.text for outcome in outcomes if outcome.verdict is Verdict.UNKNOWN}


def hold(seed: int, commands: int) -> Figures:
    """Run a chunk and judge it; every second one is of a station that forgets now and then."""
    acts = FORGETFUL if seed % 2 else ACTS
    model, done = run(work(seed, commands, acts, PAUSE_S if commands >= CHUNK else HURRY_S))
    found = figures(model, done)
    judge_claims(model)
    assert (found.executed_twice, found.skipped, found.gaps) == (0, 0, 0), found
    if not done[Act.COLD]:
        assert unknown_texts(model) <= {Row.FORGOTTEN.value}
    assert found.commands >= commands
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_none_executed_twice_and_none_skipped_unrecorded(seed: int) -> None:
    found = hold(seed, QUICK)
    assert found.crashes + found.restarts
    assert found.void
    assert (found.lost + found.delayed) / found.requests > 0.25
    assert found.duplicated / found.requests > 0.45


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 100 + MILLION // CHUNK))
def test_none_of_a_million_executed_twice_and_none_skipped_unrecorded(seed: int) -> None:
    print(f"\nchunk {seed}: {hold(seed, CHUNK)}")


@pytest.mark.campaign
@pytest.mark.parametrize("removed", REMOVED)
def test_the_rig_finds_each_safeguard_that_is_removed(removed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, remove, _ = REMOVED[removed]
    remove(monkeypatch)
    assert any(goes_wrong(seed) for seed in range(1, 20))


def goes_wrong(seed: int) -> bool:
    try:
        hold(seed, 5 * QUICK)
    except (AssertionError, TimeoutError):
        return True
    return False
