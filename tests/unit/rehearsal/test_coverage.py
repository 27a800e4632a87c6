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
from sim_plc.rehearsal.faults import humans, iron, process
from sim_plc.rehearsal.faults.aimed import THEMES, draw_aimed
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.faults.leads import WORKING
from sim_plc.rehearsal.faults.letter import Aim, Strike
from sim_plc.rehearsal.rare_paths import PROBES
from sim_plc.rehearsal.run import Options, Report, is_aimed, rehearse, turn_of
from sim_plc.rehearsal.story import story
from sim_plc.rehearsal.timeline import timeline_svg

SMALL = load_tower("small")
PICKING = Cell("EXECUTE", "PICKING")
NEVER = Cell("COMPLETE", "PICKING")


def aimed(*strikes: Strike) -> Options:
    return Options(script=strikes)


def test_a_strike_waits_for_its_moment_and_is_left_out_if_that_never_comes() -> None:
    struck = aimed(
        Strike(10.0, humans.HOLD, 0.0, 0, Aim(PICKING, 80.0, linger_s=0.4)),
        Strike(10.0, humans.STOP, 0.0, 0, Aim(NEVER, 12.0)),
    )
    quick = load_tower("small", profile="brisk")
    report, chronicle = replay(quick, 3, 1.5, struck)
    assert report.good, str(report)
    at_s = {line.body[0]: line.t for line in chronicle.lines if line.kind == "strike"}
    assert report.hits["HOLD/EXECUTE/PICKING"] == 1
    assert "STOP" not in at_s
    assert [strike.kind.name for strike in report.script] == ["HOLD"]
    assert 10.0 < at_s["HOLD"] < 80.0
    told = story(report, chronicle)
    assert "it waits for a moment, by 80.00 s, when the unit is EXECUTE and a job PICKING" in told
    # The picture has a strike where it struck, not where it began to wait.
    assert f"HOLD: {at_s['HOLD']:.2f} to" in timeline_svg(report, chronicle)
    assert rehearse(quick, 3, 1.5, Options(script=report.script)).trace_hash == report.trace_hash


def test_a_daemon_that_is_killed_while_it_starts_is_started_again() -> None:
    """Nobody had noticed: whoever started it was taken for cancelled, and no strike ever came so early."""
    kills = aimed(*(Strike(10.0 + 8.0 * number, process.CRASH, 0.5, process.YOUNG) for number in range(4)))
    report = rehearse(load_tower("small", profile="brisk"), 1, 1.0, kills)
    assert report.good, str(report)
    assert report.probes["killed while starting"]


def test_every_letter_gets_its_turn_at_every_pair_and_all_end_in_time() -> None:
    cells, kinds, runs = Counter[tuple[str, Cell]](), (process.CRASH, humans.HOLD, humans.STOP), 2 * len(THEMES)

    def drawn(turn: int, length_s: float = 900.0) -> tuple[Strike, ...]:
        return draw_aimed(random.Random(turn), turn, begin_s=5.0, end_s=length_s, kinds=kinds)

    for turn in range(runs):
        assert drawn(turn) == drawn(turn)
        for strike in drawn(turn):
            assert strike.when is not None
            assert strike.at_s <= strike.when.until_s <= 900.0
            cells[strike.kind.name, strike.when.cell] += 1
    assert set(cells) == {(letter.name, cell) for letter in kinds for cell in REACHABLE}
    # Another lap has them in another order: what missed its moment once meets other company.
    assert [strike.when for strike in drawn(0)] != [strike.when for strike in drawn(100 * len(THEMES))]
    of_bytes = [letter for letter in ALPHABET if letter.of_bytes]
    script = draw_aimed(random.Random(1), 1, begin_s=5.0, end_s=900.0, kinds=ALPHABET)
    assert {strike.kind for strike in script} & set(of_bytes)
    alone = draw_aimed(random.Random(1), 1, begin_s=5.0, end_s=900.0, kinds=(process.CRASH,))
    assert {strike.kind for strike in alone} == {process.CRASH}


def test_a_run_strikes_into_one_step_of_a_job_and_lets_the_others_pass() -> None:
    for turn, theme in enumerate(THEMES):
        script = draw_aimed(random.Random(turn), turn, begin_s=5.0, end_s=900.0, kinds=ALPHABET)
        cells = [strike.when.cell for strike in script if strike.when is not None]
        # What leads to a pair without a step may strike into any, but only while the unit executes.
        steps = {cell.step for cell in cells if cell.step in WORKING and cell.unit != "EXECUTE"}
        assert steps == ({theme} if theme in WORKING else set())
    assert set(THEMES) > set(WORKING)


def test_who_wait_in_a_queue_for_one_pair_go_one_by_one_each_time_that_it_comes() -> None:
    """Else whatever leads on from a step strikes as soon as it comes first, all together."""
    cell = Cell("EXECUTE", "POSITIONING")
    script = aimed(*(Strike(5.0, humans.ABORT, 0.0, 0, Aim(cell, 100.0, place=place)) for place in (1, 0, 1)))
    report, chronicle = replay(load_tower("small", profile="brisk"), 3, 1.5, script)
    assert report.good, str(report)
    assert report.hits == {"ABORT/EXECUTE/POSITIONING": 3}
    at_s = [line.t for line in chronicle.lines if line.kind == "strike"]
    assert at_s[0] < at_s[1] == at_s[2]


def test_some_seeds_aim_each_kind_of_seed_among_them_and_take_turns() -> None:
    aiming = [seed for seed in range(80) if is_aimed(seed)]
    assert len(aiming) == 5
    # They cost more than others: no four seeds in a row hold two.
    assert len({seed // 4 for seed in aiming}) == len(aiming)
    # Towers that are audited, and wires that carry bytes, are drawn by the seed's number too.
    assert {seed % 4 for seed in aiming} == {0, 1, 2, 3}
    assert {seed % 5 for seed in aiming} == {0, 1, 2, 3, 4}
    for every, seeds in ((False, aiming), (True, list(range(80)))):
        turns = {True: [turn_of(seed, every=every) for seed in seeds if seed % 5 == 2]}
        turns[False] = [turn_of(seed, every=every) for seed in seeds if seed % 5 != 2]
        assert all(taken == list(range(len(taken))) for taken in turns.values())
    for options, aim in ((Options(), True), (Options(aimed=False), False)):
        assert all((strike.when is not None) is aim for strike in rehearse(SMALL, aiming[0], 0.1, options).script)
    assert all(strike.when is not None for strike in rehearse(SMALL, 0, 0.1, Options(aimed=True)).script)


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
    assert f"never taken: 1 of {len(PROBES)}\n    parked\n" in str(summary)
    assert summary.body()["missed"] == {"parked": PROBES["parked"]}
    assert "I8, I9, I16: there is no front office yet" in str(summary)


def test_what_a_run_struck_into_is_part_of_its_result() -> None:
    report = Report("small", 1, "", (), {}, {}, (), 0, 0.0, 0, hits={"CRASH/HELD/none": 1})
    assert result_of(report, 0.0).hits == {"CRASH/HELD/none": 1}


def test_a_gate_meets_a_bag_that_its_curtain_does_not_see() -> None:
    """Two hundred seeds had no closing edge that felt anything: whatever stood in a gate broke its curtain before."""
    script = (Strike(5.0, iron.HALF_CLOSED, 60.0, 2),)
    report = rehearse(load_tower("small", profile="brisk"), 3, 1.0, Options(pause_s=(2.0, 10.0), script=script))
    assert report.good, str(report)
    assert report.probes["gate obstructed"]


SELDOM = {"room taken back", "carriage barred", "handed over behind its end"}
"""Paths that need a tower of several rooms whose gate jams before a driver, a lie of over a minute beside idleness, or
a kept car in a tower with one room: thousands of seeds, or `tests/scenario/test_taken_back.py`, `test_barred.py` and
`test_staging.py`."""


@pytest.mark.campaign
def test_two_hundred_seeds_take_every_rare_path() -> None:
    """Each path that none of them takes is one that no campaign tries."""
    taken = Counter[str]()
    for seed in range(200):
        report = rehearse(SMALL, seed, 15.0)
        assert report.good, str(report)
        taken.update(name for name in PROBES if report.probes.get(name))
    assert [name for name in PROBES if not taken[name] and name not in SELDOM] == []


def test_a_daemon_that_hangs_and_is_asked_to_end_is_killed_by_its_manager() -> None:
    """Nobody killed it: it counted as gone as soon as it was asked, and the run went on for ever."""
    script = aimed(Strike(10.0, process.HANG, 20.0, 0), Strike(15.0, process.SHUT_DOWN, 1.0, 0))
    report = rehearse(load_tower("small", profile="brisk"), 1, 1.0, script)
    assert report.good, str(report)
    assert report.virtual_s < 120.0
