"""`cartower service` against a scripted daemon, and from the journal while none is there."""

import asyncio
import json
import tarfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.api.instruments import Look
from controller.cli.main import cartower
from controller.domain.book import Book
from controller.domain.events import CompleteService, StateService
from controller.domain.records import Planned, Record, ServiceDone, Settled, from_entry, to_entry
from controller.domain.refusal import Refusal
from controller.domain.service import MS_PER_HOUR, Counts, Kind, ServiceBook, Serviced
from controller.domain.service_picture import details, table
from controller.domain.service_plan import Interval, stand
from controller.store.belief import believed
from hal.plcmap.codes import Opcode
from tests.support.commands import daemon
from tests.support.journals import open_journal

NOW = 1_800_000_000.0
DAY_S = 86_400

HEADERS = "component\tstate\tused\tdue\tcycles\thours\tstarts\tway\tall cycles\tall hours\tall starts\tall way"


def book() -> ServiceBook:
    """Return counters of a lift that is due, a latch that soon is, and a turntable without an interval."""
    found = ServiceBook(since=NOW - 60 * DAY_S)
    found.stated("lift", Counts(1200, 1203, 3 * MS_PER_HOUR, 4_000_000, 1, 2), Counts(200, 200), NOW - 10 * DAY_S)
    found.stated("bay305.latch", Counts(95, 95, 120_000), Counts(), None)
    found.stated("turntable", Counts(7, 7, 60_000, 90_000), Counts(), None)
    return found


INTERVALS = {Kind.LIFT: Interval(cycles=1000, days=40), Kind.LATCH: Interval(cycles=100)}
STANDINGS = [stand(name, book(), INTERVALS, NOW) for name in book().counted]
LIFT = details(STANDINGS[0])


@pytest.mark.realtime
def test_the_table_into_a_pipe_is_plain_and_most_urgent_first(tmp_path: Path) -> None:
    with daemon(tmp_path, {"service": {"components": table(reversed(STANDINGS))}}) as run:
        lines = run("service").stdout.splitlines()
        assert run("service", "list").stdout.splitlines() == lines
        assert json.loads(run("service", "--json").stdout)["components"] == table(STANDINGS)
    assert lines[0] == HEADERS
    lift, latch, turntable = (line.split("\t") for line in lines[1:])
    assert lift[:3] + lift[4:] == [
        *("lift", "due", "100 %", "1000", "3.00+", "1003", "4000+ m", "1200", "3.00+", "1203", "4000+ m")
    ]
    assert latch == [*("bay305.latch", "soon due", "95 %", "-", "95", "0.03", "95", "-", "95", "0.03", "95", "-")]
    assert turntable[:4] == ["turntable", "no interval", "-", "-"]


class Wires:
    """A PLC that counts starts of its own."""

    async def signals(self, station: str, *, live: bool, only: Sequence[str]) -> Look:
        assert (station, live) == ("tower", False)
        assert "tower/slow1.lift.starts" in only
        return {"signals": [{"name": "tower/slow1.lift.starts", "value": 1310}]}

    async def registers(self, station: str, space: str, address: int, count: int) -> Look:
        raise AssertionError((station, space, address, count))

    async def buses(self) -> Look:
        raise AssertionError


@pytest.mark.realtime
def test_one_component_tells_its_interval_its_services_and_what_its_plc_counts(tmp_path: Path) -> None:
    found = book()
    found.serviced("lift", Serviced(NOW, "7:kim", "set brake"))
    answer = details(stand("lift", found, INTERVALS, NOW))
    with daemon(tmp_path, {"service": answer}, Wires()) as run:
        lines = run("service", "lift").stdout.splitlines()
        assert json.loads(run("service", "show", "lift", "--json").stdout) == {**answer, "station_starts": 1310}
    told = dict(line.split("\t", 1) for line in lines)
    assert told["component"] == "lift, ok"
    assert "0 of 1000 cycles, 0 %" in lines[1]
    assert told["in all"] == "1200 cycles, 1203 starts, 3.00+ h in motion, 4000+ m"
    assert told["service"].endswith("by 7:kim: set brake")
    assert told["station"].startswith("1310 starts")
    assert told["not known"] == "time of 1 starts, way of 2"


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("done", "lift", "--note", "new ropes"), CompleteService(component="lift", note="new ropes")),
        (
            ("set", "lift", "--cycles", "12000", "--hours", "400"),
            StateService(component="lift", note="", cycles=12_000, hours=400),
        ),
        (
            (
                "set",
                "lift",
                "--since-service",
                "--starts",
                "7",
                "--way",
                "9",
                "--note",
                "x",
                "--serviced",
                "2026-05-01T12:00Z",
            ),
            StateService(component="lift", note="x", since_service=True, starts=7, way=9, serviced_at=1_777_636_800),
        ),
    ],
)
def test_what_is_recorded_reaches_the_daemon_after_a_yes(
    tmp_path: Path, args: tuple[str, ...], wanted: CompleteService | StateService
) -> None:
    with daemon(tmp_path, {type(wanted).__name__: LIFT}) as run:
        unconfirmed = run("service", *args)
        assert (unconfirmed.exit_code, run.asked) == (6, [])
        result = run("service", *args, "--yes")
        (asked,) = run.asked
    assert isinstance(asked, CompleteService | StateService)
    assert replace(asked, by="") == wanted
    assert result.exit_code == 0
    assert result.stdout.startswith("component\tlift, due\n")


@pytest.mark.realtime
def test_an_unknown_component_is_refused_with_what_helps(tmp_path: Path) -> None:
    with daemon(
        tmp_path, {"CompleteService": Refusal("UNKNOWN_COMPONENT", "the tower has no component 'winch'")}
    ) as run:
        result = run("service", "done", "winch", "--note", "n", "--yes")
    assert result.exit_code == 1
    assert "next: `cartower service`" in result.stderr


@pytest.mark.parametrize(
    "args", [("done", "lift"), ("set", "lift"), ("set", "lift", "--cycles", "-1"), ("set", "lift", "--serviced", "May")]
)
def test_wrong_use_is_told_before_the_daemon_is_asked(tmp_path: Path, args: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cartower, ["service", *args, "--yes", "--run-dir", str(tmp_path)]).exit_code == 2


# The journal


def lift_moves(count: int) -> list[Record]:
    planned = [Planned("tower/lift", n, Opcode.MOVE_TO, 0, 0, 0, 7, 1, None, "") for n in range(1, count + 1)]
    return [
        each for n, plan in enumerate(planned, 1) for each in (plan, Settled("tower/lift", n, "OK", "", 2_000, 500))
    ]


def kept(run_dir: Path, *records: Record, snapshot: bool = False, old: bool = False) -> None:
    with closing(open_journal(run_dir / "journal.sqlite", now=lambda: NOW)) as journal:

        async def scenario() -> None:
            await journal.append([to_entry(record) for record in records])
            if snapshot:
                folded = Book.empty((101,))
                for kind, body in map(to_entry, records):
                    folded.apply(from_entry(kind, json.loads(json.dumps(body))), NOW)
                body = folded.to_body()
                await journal.save_snapshot({k: v for k, v in body.items() if not (old and k == "service")})

        asyncio.run(scenario())


def ask(run_dir: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, ["service", *args, "--run-dir", str(run_dir)])


@pytest.mark.parametrize(("snapshot", "old"), [(False, False), (True, False), (True, True)])
def test_with_the_daemon_down_the_journal_tells(tmp_path: Path, snapshot: bool, old: bool) -> None:
    kept(tmp_path, *lift_moves(3), ServiceDone("lift", NOW, "7:kim", "ropes"), snapshot=snapshot, old=old)
    kept(tmp_path, *lift_moves(2))
    result = ask(tmp_path)
    assert result.exit_code == 0, result.output
    assert "the daemon is down" in result.stderr
    assert result.stdout.splitlines()[1:] == ["lift\tno interval\t-\t-\t2\t0.00\t2\t1 m\t5\t0.00\t5\t2 m"], (
        "whatever the snapshot knows"
    )
    assert json.loads(ask(tmp_path, "lift", "--json").stdout)["services"][0]["note"] == "ropes"
    assert ask(tmp_path, "winch").exit_code == 1
    assert ask(tmp_path, "done", "lift", "--note", "n", "--yes").exit_code == 3, "recorded by the daemon alone"


def test_without_a_journal(tmp_path: Path) -> None:
    assert ask(tmp_path).exit_code == 74


def test_the_counters_go_over_backup_and_restore(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    kept(run_dir, *lift_moves(3), ServiceDone("lift", NOW, "7:kim", "ropes"))
    before = believed(run_dir / "journal.sqlite").book.service
    for args in (("backup", str(tmp_path / "b.sqlite")), ("restore", str(tmp_path / "b.sqlite"), "--yes")):
        result = CliRunner().invoke(cartower, [*args, "--run-dir", str(run_dir)])
        assert result.exit_code == 0, result.output
    assert believed(run_dir / "journal.sqlite").book.service == before


def test_a_bundle_has_the_table_with_the_daemon_down(tmp_path: Path) -> None:
    kept(tmp_path, *lift_moves(3))
    file = tmp_path / "help.tar.gz"
    result = CliRunner().invoke(cartower, ["bundle", "-o", str(file), "--run-dir", str(tmp_path), "--json"])
    assert "service.json" in json.loads(result.stdout)["files"]
    with tarfile.open(file) as archive:
        member = archive.extractfile("help/service.json")
        assert member is not None
        (line,) = json.loads(member.read())["components"]
    assert (line["component"], line["in_all"]["cycles"]) == ("lift", 3)
