"""A campaign keeps every seed that has ended, goes on where it was, and tells crash, liveness and safety apart."""

import io
import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.load import load_tower
from sim_plc.rehearsal import command
from sim_plc.rehearsal.campaign import pool
from sim_plc.rehearsal.campaign.ledger import FILE, OtherCampaign, SeedLedger
from sim_plc.rehearsal.campaign.plan import Plan, program_digest
from sim_plc.rehearsal.campaign.pool import run_one, run_seeds
from sim_plc.rehearsal.campaign.progress import Progress
from sim_plc.rehearsal.campaign.report import Summary, summary_of
from sim_plc.rehearsal.campaign.run import CANARY, canary_is_seen, run_campaign
from sim_plc.rehearsal.campaign.verdict import SeedResult, Verdict, verdict_of
from sim_plc.rehearsal.faults.alphabet import ALPHABET
from sim_plc.rehearsal.invariants import Violation
from sim_plc.rehearsal.run import Options, Report

MINUTES = 0.2


def plan(first: int = 0, last: int = 2, options: Options | None = None) -> Plan:
    return Plan(load_tower("small"), first, last, MINUTES, options or Options(most_strikes=1))


def report(*invariants: str) -> Report:
    broken = tuple(Violation(1.0, invariant, "broken") for invariant in invariants)
    return Report("small", 7, "abc", broken, {"DONE": 2, "open": 0}, {}, (), 3, 60.0, 10)


@pytest.mark.parametrize(
    ("invariants", "verdict", "code"),
    [
        ((), Verdict.GOOD, 0),
        (("DIED",), Verdict.CRASH, 127),
        (("I11",), Verdict.LIVENESS, 128),
        (("DIED", "I11"), Verdict.CRASH, 127),
        (("I13",), Verdict.SAFETY, 129),
        (("DIED", "I11", "I2"), Verdict.SAFETY, 129),
    ],
)
def test_what_was_broken_decides_on_the_exit_code(invariants: tuple[str, ...], verdict: Verdict, code: int) -> None:
    assert verdict_of(report(*invariants)) is verdict
    assert verdict.exit_code == code


def test_a_result_is_read_as_it_was_written() -> None:
    result = SeedResult(3, Verdict.SAFETY, "ff", ("I2 at 1.00 s: gone",), {"CRASH": 1}, {"DONE": 2}, {}, 60.0, 0.5)
    assert SeedResult.from_line(result.line()) == result
    for bad in ("", "[]", "{}", '{"verdict": "odd"}'):
        with pytest.raises(ValueError, match="no result of a seed"):
            SeedResult.from_line(bad)


def test_a_seed_that_breaks_the_rig_is_a_crash_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> Report:
        raise ZeroDivisionError("by a bug")

    monkeypatch.setattr(pool, "rehearse", fall)
    result = run_one(load_tower("small"), 1, MINUTES, Options())
    assert result.verdict is Verdict.CRASH
    assert result.violations == ("the run broke off: ZeroDivisionError: by a bug",)


def test_the_canary_is_seen_and_nothing_else_is_wrong_with_its_run() -> None:
    assert canary_is_seen(plan())
    canary = run_one(load_tower("small"), 0, 2.0, CANARY)
    assert any("vanished" in text for text in canary.violations)
    assert run_one(load_tower("small"), 0, 2.0, replace(CANARY, stolen_s=None)).verdict is Verdict.GOOD


def test_a_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    key, results = plan().key(), [SeedResult(seed, Verdict.GOOD, cpu_s=0.1) for seed in range(3)]
    ledger = SeedLedger(tmp_path, key)
    for result in results[:2]:
        ledger.keep(result)
    ledger.close()
    with (tmp_path / FILE).open("a") as file:
        file.write(results[2].line()[:40])
    again = SeedLedger(tmp_path, key)
    assert list(again.results.values()) == results[:2]
    again.keep(results[2])
    again.close()
    third = SeedLedger(tmp_path, key)
    assert list(third.results.values()) == results
    third.close()


def test_results_of_another_campaign_are_not_gone_on_with(tmp_path: Path) -> None:
    SeedLedger(tmp_path, plan().key()).close()
    other = plan(options=Options(faults=False))
    with pytest.raises(OtherCampaign, match=r"options .* instead of"):
        SeedLedger(tmp_path, other.key())
    SeedLedger(tmp_path, other.key(), fresh=True).close()
    assert plan().key() != Plan(load_tower("small"), 0, 2, 1.0, Options()).key()
    assert plan(0, 5).key() == plan(9, 12).key()
    assert len(program_digest()) == 16


def test_a_report_counts_all_and_names_what_is_bad() -> None:
    results = [
        SeedResult(0, Verdict.GOOD, strikes={"CRASH": 2}, jobs={"DONE": 3}, virtual_s=1800.0, cpu_s=1.0),
        SeedResult(1, Verdict.LIVENESS, violations=("I11 at 9.00 s: job 1",), virtual_s=1800.0, cpu_s=1.0),
        SeedResult(99, Verdict.SAFETY),
    ]
    summary = summary_of(plan(), results, canary_seen=True)
    assert (summary.seeds, summary.planned, summary.tower_hours) == (2, 3, 1.0)
    assert summary.verdict is Verdict.LIVENESS
    text = str(summary)
    assert "2 of 3 seeds" in text
    assert "1800 x real time" in text
    assert "seed 1: liveness: I11 at 9.00 s: job 1" in text
    assert text.splitlines()[1] == "  verdict: LIVENESS in 1; canary seen"
    assert "  faults: 2 of 1 letters\n    CRASH 2\n" in text
    assert f"never drawn: {len(ALPHABET) - 1} of {len(ALPHABET)}" in text
    assert max(map(len, text.splitlines())) < 120
    assert summary_of(plan(), results[:1], canary_seen=True).verdict is Verdict.GOOD
    assert summary_of(plan(), results[:1], canary_seen=False).verdict is Verdict.CRASH


def test_each_letter_has_a_name_of_its_own_and_says_what_happens() -> None:
    assert len({letter.name for letter in ALPHABET}) == len(ALPHABET)
    assert all(letter.text for letter in ALPHABET)


def test_an_interrupted_campaign_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **_more: object) -> Summary:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_campaign", interrupted)
    asked = ["--seeds", "3..9", "--tower", "small", "--calm", "--fresh", "--jobs", "1", "--out", str(tmp_path / "a b")]
    result = CliRunner().invoke(command.campaign, asked)
    assert result.exit_code == 130
    so_far, go_on = result.stderr.splitlines()
    assert so_far == f"interrupted; what has ended so far: {tmp_path / 'a b' / 'report.txt'}"
    options = "--seeds 3..9 --tower small --minutes 15 --calm --jobs 1"
    assert go_on == f"go on: cartower-sim campaign {options} --out '{tmp_path / 'a b'}'", "and not afresh"


def test_progress_tells_pace_and_what_is_left() -> None:
    ticks: Iterator[float] = iter([0.0, 10.0, 20.0, 20.0])
    stream = io.StringIO()
    progress = Progress(10, 5, stream, lambda: next(ticks))
    progress.take(SeedResult(5, Verdict.GOOD, virtual_s=3600.0))
    progress.take(SeedResult(6, Verdict.SAFETY, violations=("I2",), virtual_s=3600.0))
    first, bad, second = stream.getvalue().splitlines()
    assert first == "[##############          ] 6/10 seeds, 0 bad, 0.10 seeds/s, 1.0 tower-hours, 1 min left"
    assert bad == "seed 6: safety: I2"
    assert "7/10 seeds, 1 bad, 0.10 seeds/s, 2.0 tower-hours" in second




@pytest.mark.realtime
@pytest.mark.long
def test_seeds_run_side_by_side_and_all_are_kept(tmp_path: Path) -> None:
    quiet = io.StringIO()
    summary = run_campaign(plan(), tmp_path, 2, show=lambda total, before: Progress(total, before, quiet))
    assert summary.verdict is Verdict.GOOD, str(summary)
    assert (summary.seeds, summary.canary_seen) == (3, True)
    alone = [run_one(plan().tower, seed, MINUTES, plan().options) for seed in range(3)]
    ledger = SeedLedger(tmp_path, plan().key())
    assert {seed: result.trace_hash for seed, result in ledger.results.items()} == {
        result.seed: result.trace_hash for result in alone
    }
    assert (tmp_path / "report.json").exists()


@pytest.mark.realtime
@pytest.mark.long
def test_a_seed_that_hangs_or_kills_its_process_is_named() -> None:
    hung = list(run_seeds(Plan(load_tower("small"), 0, 0, 600.0, Options()), [0], 1, hang_s=0.5))
    assert [(result.verdict, result.violations) for result in hung] == [
        (Verdict.LIVENESS, ("it computed for more than 0.5 s",))
    ]

@pytest.mark.realtime
def test_a_seed_whose_process_dies_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill_before(wires: list[Connection], timeout: float) -> Sequence[object]:
        for child in multiprocessing.active_children():
            child.kill()
        return wait(wires, timeout)

    monkeypatch.setattr(pool, "wait", kill_before)
    (dead,) = run_seeds(Plan(load_tower("small"), 4, 4, 600.0, Options()), [4], 1)
    assert (dead.seed, dead.verdict, dead.violations) == (4, Verdict.CRASH, ("its process ended with -9",))
