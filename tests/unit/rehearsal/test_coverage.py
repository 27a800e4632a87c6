"""Strikes that aim meet what they wait for; what they struck into is counted, kept and shown as a table."""

import random
from collections import Counter
from pathlib import Path

import pytest

from config.load import load_tower
from controller.domain.jobs import JobState
from controller.domain.unit import UnitState
from sim_plc.rehearsal.campaign.coverage import ENOUGH, Coverage, coverage_of
from sim_plc.rehearsal.campaign.ledger import SeedLedger
from sim_plc.rehearsal.campaign.plan import Plan
from sim_plc.rehearsal.campaign.report import summary_of
from sim_plc.rehearsal.campaign.verdict import SeedResult, Verdict, result_of
from sim_plc.rehearsal.cells import NO_JOB, REACHABLE, Cell, unreachable
from sim_plc.rehearsal.chronicle import replay
from sim_plc.rehearsal.faults import humans, process
from sim_plc.rehearsal.faults.aimed import draw_aimed
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.faults.letter import Aim, Strike
from sim_plc.rehearsal.probes import PROBES
from sim_plc.rehearsal.run import AIMED, Options, Report, rehearse
from sim_plc.rehearsal.story import story
from sim_plc.rehearsal.timeline import timeline_svg

SMALL = load_tower("small")
PICKING = Cell("EXECUTE", "PICKING")
NEVER = Cell("COMPLETE", "PICKING")


def aimed(*strikes: Strike) -> Options:
    return Options(script=strikes)


def test_a_strike_waits_for_its_moment_and_no_longer_than_it_may() -> None:
    struck = aimed(
        Strike(10.0, humans.HOLD, 0.0, 0, Aim(PICKING, 170.0, linger_s=0.4)),
        Strike(20.0, humans.STOP, 0.0, 0, Aim(NEVER, 25.0)),
    )
    report, chronicle = replay(SMALL, 3, 3.0, struck)
    assert report.good, str(report)
    at_s = {line.body[0]: line.t for line in chronicle.lines if line.kind == "strike"}
    assert report.hits["HOLD/EXECUTE/PICKING"] == 1
    assert at_s["STOP"] == 25.0
    assert 25.0 < at_s["HOLD"] < 170.0
    told = story(report, chronicle)
    assert "it waits until the unit is EXECUTE and a job PICKING, or it is 170.00 s" in told
    # The picture has a strike where it struck, not where it began to wait.
    assert f"HOLD: {at_s['HOLD']:.2f} to" in timeline_svg(report, chronicle)
    assert rehearse(SMALL, 3, 3.0, Options(script=report.script)).trace_hash == report.trace_hash


def test_aims_are_drawn_over_every_pair_and_every_letter_and_end_in_time() -> None:
    pairs, letters = Counter[Cell](), Counter[str]()
    for seed in range(300):
        # Letters of bytes have runs of their own.
        kinds = [letter for letter in ALPHABET if not letter.of_bytes or seed % 2]
        script = draw_aimed(random.Random(seed), begin_s=5.0, end_s=900.0, kinds=kinds)
        assert script == draw_aimed(random.Random(seed), begin_s=5.0, end_s=900.0, kinds=kinds)
        for strike in script:
            assert strike.when is not None
            assert strike.at_s <= strike.when.until_s <= 900.0
            pairs[strike.when.cell] += 1
            letters[strike.kind.name] += 1
    assert set(pairs) == set(REACHABLE)
    assert set(letters) == {letter.name for letter in ALPHABET}
    alone = draw_aimed(random.Random(1), begin_s=5.0, end_s=900.0, kinds=(process.CRASH,))
    assert {strike.kind for strike in alone} == {process.CRASH}


def test_each_so_many_th_seed_aims() -> None:
    def script(seed: int, options: Options) -> tuple[Strike, ...]:
        return rehearse(SMALL, seed, 0.2, options).script

    assert all(strike.when is not None for strike in script(AIMED - 1, Options()))
    assert all(strike.when is None for strike in script(AIMED - 1, Options(aimed=False)))
    assert all(strike.when is None for strike in script(AIMED, Options()))


def test_every_pair_that_cannot_be_met_says_why() -> None:
    for unit in UnitState:
        for step in (None, *JobState):
            cell = Cell(unit.name, step.name if step else NO_JOB)
            assert cell not in REACHABLE or not unreachable(unit, step)
    text = Coverage({}).markdown()
    assert "## What cannot be met" in text
    assert "STARTING/none" in text


def result(seed: int, **hits: int) -> SeedResult:
    return SeedResult(seed, Verdict.GOOD, hits={key.replace("__", "/"): count for key, count in hits.items()})


def test_hits_are_kept_and_summed_up_over_two_sessions(tmp_path: Path) -> None:
    key: dict[str, object] = {"tower": "small"}
    ledger = SeedLedger(tmp_path, key)
    ledger.keep(result(0, CRASH__EXECUTE__PICKING=2))
    ledger.close()
    again = SeedLedger(tmp_path, key)
    again.keep(result(1, CRASH__EXECUTE__PICKING=ENOUGH - 2, CRASH__STARTING__none=1))
    summary = summary_of(Plan(SMALL, 0, 1, 1.0, Options()), again.results.values(), canary_seen=True)
    again.close()
    coverage = summary.coverage
    cells = len(ALPHABET) * len(REACHABLE)
    assert coverage.count("CRASH", PICKING) == ENOUGH
    assert coverage.share() == coverage.share(ENOUGH) == pytest.approx(1 / cells)
    assert coverage.surprises() == ["STARTING/none"]
    assert f"of {cells} hit" in str(summary)
    assert f"| EXECUTE | PICKING | {ENOUGH} | **0** |" in coverage.markdown()
    assert "Met all the same: STARTING/none" in coverage.markdown()
    assert coverage_of([]).share() == 0.0
    assert isinstance(summary.body()["coverage"], dict)


def test_a_report_names_the_rare_paths_that_nobody_took() -> None:
    taken = dict.fromkeys(PROBES, 1) | {"parked": 0}
    results = [SeedResult(0, Verdict.GOOD, probes=taken)]
    summary = summary_of(Plan(SMALL, 0, 0, 1.0, Options()), results, canary_seen=True)
    assert summary.missed == ["parked"]
    assert f"never: parked ({PROBES['parked']})" in str(summary)
    assert "I7 (there is no front office yet" in str(summary)


def test_what_a_run_struck_into_is_part_of_its_result() -> None:
    report = Report("small", 1, "", (), {}, {}, (), 0, 0.0, 0, hits={"CRASH/HELD/none": 1})
    assert result_of(report, 0.0).hits == {"CRASH/HELD/none": 1}


@pytest.mark.campaign
def test_two_hundred_seeds_take_every_rare_path() -> None:
    """Each path that none of them takes is one that no campaign tries."""
    taken = Counter[str]()
    for seed in range(200):
        report = rehearse(SMALL, seed, 15.0)
        assert report.good, str(report)
        taken.update(name for name in PROBES if report.probes.get(name))
    assert [name for name in PROBES if not taken[name]] == []
