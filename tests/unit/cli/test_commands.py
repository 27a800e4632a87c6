import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.cli.due import due_text
from controller.cli.main import cartower
from controller.domain import events
from controller.domain.events import Query, Request
from controller.domain.refusal import Refusal
from controller.domain.unit import UnitMode
from tests.support.commands import Cartower, daemon
from tests.support.sample_status import sample_status
from tests.support.scripted_control import Answer, ControlThread, ScriptedControl, by_query

pytestmark = pytest.mark.realtime


DUE = 1_800_000_000
BOOKED = {"id": 9, "car": "C2", "room": None, "due": DUE, "due_in_s": 60.0, "state": "BOOKED", "job": None,
          "stands_in": None, "by": ""}  # fmt: skip


def job(number: int = 5, state: str = "DONE", **more: Any) -> dict[str, Any]:
    plain = {
        "id": number,
        "kind": "RETRIEVE",
        "car": "C1",
        "source": 102,
        "target": 101,
        "room": 101,
        "state": state,
        "left": None,
        "reason": "",
        "choices": [],
        "steps": [],
    }
    return plain | more


def test_status_into_a_pipe_is_plain_and_tab_separated(tmp_path: Path) -> None:
    with daemon(tmp_path) as run:
        result = run("status")
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    lines = dict(line.split("\t") for line in result.output.splitlines())
    assert lines["tower"] == "Small, 6 bays and 1 transfer room (profile medium)"
    assert lines["unit"] == "EXECUTE (production, 65 s)"
    assert lines["stations"] == "1 of 2 online; bays1 OFFLINE (no answer)"
    assert lines["carriage"] == "2.40 m, 90.0 deg, loaded with C9"
    assert lines["room"].startswith("1 (101) RESERVED, job 7, door closed, gate closed, nobody inside")
    assert lines["job"] == "7 STORE C9 room 1 (101) to bay 203: POSITIONING_TO ██████░░░░░░ 50%, about 12 s to go"
    assert lines["alarm"] == "STATION_OFFLINE: bays1: no answer"


def test_status_as_json_is_the_daemons_answer(tmp_path: Path) -> None:
    with daemon(tmp_path) as run:
        assert json.loads(run("status", "--json").output) == sample_status()


@pytest.mark.parametrize(
    ("state", "hint"),
    [("STOPPED", "unit reset"), ("IDLE", "unit start"), ("ABORTED", "unit clear"), ("HELD", "unit unhold")],
)
def test_status_says_what_to_do_next(tmp_path: Path, state: str, hint: str) -> None:
    status = sample_status()
    status["unit"]["state"] = state
    with daemon(tmp_path, {"status": status}) as run:
        assert hint in run("status").output


def test_cars_are_one_a_line(tmp_path: Path) -> None:
    cars = [
        {"id": "C1", "model": "brisa", "place": 102, "where": "bay", "status": "verified"},
        {"id": "C2", "model": "", "place": 101, "where": "room", "status": "unverified"},
        {"id": "C9", "model": "", "place": None, "where": "carriage", "status": "verified"},
    ]
    with daemon(tmp_path, {"cars": {"cars": cars}}) as run:
        assert run("cars").output.splitlines() == [
            "car\tmodel\twhere\tstatus",
            "C1\tbrisa\tbay 102\tverified",
            "C2\t-\troom 1 (101)\tunverified",
            "C9\t-\tcarriage\tverified",
        ]
        assert json.loads(run("cars", "--json").output) == {"cars": cars}


def test_places_show_why_one_is_locked(tmp_path: Path) -> None:
    with daemon(tmp_path, {"places": {"places": list(sample_status()["places"].values())}}) as run:
        lines = run("places").output.splitlines()
    assert lines[1] == "room 1 (101)\tfree\t-\t-\t"
    assert "bay 203\tfree\t-\tjob 7\t" in lines
    assert "bay 204\tunverified\tC2\t-\tstated C2, sensors show nothing" in lines


def test_jobs_show_reason_and_choices_of_a_parked_one(tmp_path: Path) -> None:
    parked = job(4, "PARKED", reason="the load is doubtful", choices=["continue", "by-hand"])
    stands = {"id": "C2", "model": "", "place": 204, "where": "bay", "status": "verified"}
    lapsed = {**BOOKED, "id": 3, "car": "C5", "state": "LAPSED", "reason": "nobody came within 15 min"}
    answers = {"jobs": {"jobs": [parked], "appointments": [lapsed, BOOKED]}, "cars": {"cars": [stands]}}
    with daemon(tmp_path, answers) as run:
        lines = run("jobs").output.splitlines()
        assert lines[1:] == [
            "4\tRETRIEVE\tC1\tbay 102\troom 1 (101)\tPARKED\tthe load is doubtful; choices: continue, by-hand",
            f"3\tRETRIEVE\tC5\t-\t-\tLAPSED\tat {due_text(DUE)}; nobody came within 15 min",
            f"9\tRETRIEVE\tC2\tbay 204\t-\tBOOKED\tat {due_text(DUE)}",
        ]
        run("jobs", "--all")
        queries = [each for each in run.thread.control.asked if isinstance(each, Query) and each.what == "jobs"]
    assert [each.params["all"] for each in queries] == [False, True]


@pytest.mark.parametrize("command", ["reset", "start", "stop", "hold", "unhold", "abort", "clear"])
def test_unit_commands_reach_the_daemon(tmp_path: Path, command: str) -> None:
    with daemon(tmp_path, {"UnitCommand": {"state": "RESETTING"}}) as run:
        result = run("unit", command, "--yes")
        (request,) = run.asked
    assert result.output == "unit RESETTING\n"
    assert isinstance(request, events.UnitCommand)
    assert request.event.value == command.upper()


@pytest.mark.parametrize("mode", UnitMode)
def test_the_mode_reaches_the_daemon(tmp_path: Path, mode: UnitMode) -> None:
    answer = {"mode": mode.name, "state": "IDLE", "behind": ["bays2"]}
    with daemon(tmp_path, {"SetMode": answer}) as run:
        result = run("unit", "mode", mode.value.lower())
        told = json.loads(run("unit", "mode", mode.value.lower(), "--json").output)
        request, _ = run.asked
    assert isinstance(request, events.SetMode)
    assert request.mode is mode
    assert result.output.splitlines()[0] == f"mode {mode.value.lower()}, unit IDLE"
    assert "bays2" in result.output
    assert told == answer


@pytest.mark.parametrize("args", [("mode",), ("mode", "automatic"), ("start", "manual")])
def test_a_mode_belongs_to_the_command_mode_alone(tmp_path: Path, args: tuple[str, ...]) -> None:
    with daemon(tmp_path) as run:
        assert run("unit", *args).exit_code == 2
        assert run.asked == []


@pytest.mark.parametrize(
    ("mode", "state", "step"),
    [("MANUAL", "IDLE", "cartower jog"), ("MANUAL", "STOPPED", "unit reset"), ("MAINTENANCE", "IDLE", "unit mode")],
)
def test_status_shows_the_mode_and_what_it_leaves_to_do(tmp_path: Path, mode: str, state: str, step: str) -> None:
    status = sample_status()
    status["unit"] |= {"mode": mode, "state": state}
    with daemon(tmp_path, {"status": status}) as run:
        lines = run("status").output
    assert f"{state} ({mode.lower()}" in lines
    assert step in lines.splitlines()[-1]


def test_unit_done_is_nobodys_command(tmp_path: Path) -> None:
    with daemon(tmp_path) as run:
        assert run("unit", "done").exit_code == 2


@pytest.mark.parametrize(
    ("command", "reached", "code"), [("start", "EXECUTE", 0), ("start", "ABORTED", 4), ("reset", "IDLE", 0)]
)
def test_unit_waits_for_where_the_command_leads(tmp_path: Path, command: str, reached: str, code: int) -> None:
    status = sample_status()
    status["unit"] |= {"state": reached, "reason": "why"}
    with daemon(tmp_path, {"UnitCommand": {"state": "STARTING"}}) as run:
        run.thread.soon(lambda: run.thread.control.board.publish(status))
        result = run("unit", command, "--wait", "--yes")
    assert (result.exit_code, result.output) == (code, f"unit {reached}: why\n")


@pytest.mark.parametrize(
    ("args", "request_"),
    [
        (("retrieve", "C1", "--yes"), lambda by: events.Retrieve(by, car="C1")),
        (("retrieve", "C1", "--room", "1", "--yes"), lambda by: events.Retrieve(by, car="C1", room=101)),
        (("retrieve", "C1", "--room", "101", "-y"), lambda by: events.Retrieve(by, car="C1", room=101)),
        (("store", "--room", "1", "--car", "N", "-y"), lambda by: events.Store(by, car="N", room=101)),
        (("store", "--car", "N", "-y"), lambda by: events.Store(by, car="N")),
        (
            ("store", "--room", "101", "--car", "N", "--model", "M", "--yes"),
            lambda by: events.Store(by, car="N", room=101, model="M"),
        ),
        (("relocate", "C1", "203", "-y"), lambda by: events.Relocate(by, car="C1", bay=203)),
        (("cancel", "3", "--yes"), lambda by: events.Cancel(by, job=3)),
        (("resolve", "3", "--choice", "continue", "-y"), lambda by: events.Resolve(by, job=3, choice="continue")),
        (
            ("resolve", "3", "--choice", "by-hand", "--place", "0", "--yes"),
            lambda by: events.Resolve(by, job=3, choice="by-hand", place=0),
        ),
        (("adopt", "--yes"), events.Adopt),
    ],
)
def test_acting_commands_ask_for_exactly_that(
    tmp_path: Path, args: tuple[str, ...], request_: Callable[[str], Request]
) -> None:
    answer = {"job": 5, "state": "QUEUED", "stations": []}
    answers = dict.fromkeys(("Retrieve", "Store", "Relocate", "Cancel", "Resolve", "Adopt"), answer)
    with daemon(tmp_path, answers) as run:
        result = run(*args)
        (request,) = run.asked
        as_json = json.loads(run(*args, "--json").output)
    assert result.exit_code == 0, result.output
    assert request == request_(request.by)
    assert as_json.items() <= answer.items()


def test_a_room_that_is_not_there_is_named(tmp_path: Path) -> None:
    with daemon(tmp_path) as run:
        result = run("retrieve", "C1", "--room", "2")
    assert result.exit_code == 2
    assert result.stderr == "there is no room 2; rooms: 1 (101)\n"


def test_a_refusal_is_told_with_its_rule(tmp_path: Path) -> None:
    with daemon(tmp_path, {"Retrieve": Refusal("UNKNOWN_CAR", "car X is not in this tower")}) as run:
        result = run("retrieve", "X", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "refused (UNKNOWN_CAR): car X is not in this tower",
        "next: `cartower cars` lists the cars that are here",
    ]


def test_an_interrupted_wait_says_that_the_job_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("controller.cli.moves.wait_for_job", interrupted)
    with daemon(tmp_path, {"Retrieve": {"job": 5}}) as run:
        result = run("retrieve", "C1", "--wait", "--yes")
    assert result.exit_code == 130
    assert "goes on" in result.stderr


def test_a_fault_inside_the_daemon_is_no_refusal(tmp_path: Path) -> None:
    with daemon(tmp_path, {"cars": RuntimeError("torn")}) as run:
        assert run("cars").exit_code == 70


def test_no_daemon_has_its_own_exit_code(tmp_path: Path) -> None:
    result = CliRunner().invoke(cartower, ["cars", "--run-dir", str(tmp_path)])
    assert result.exit_code == 3
    assert "no daemon listens at" in result.stderr


def test_the_run_directory_may_come_from_the_environment(tmp_path: Path) -> None:
    with daemon(tmp_path):
        result = CliRunner().invoke(cartower, ["status"], env={"CARTOWER_RUN_DIR": str(tmp_path)})
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("state", "code"), [("DONE", 0), ("CANCELLED", 4), ("DIVERTED", 4), ("PARKED", 4), ("CLOSED_BY_HAND", 4)]
)
def test_wait_ends_with_the_job(tmp_path: Path, state: str, code: int) -> None:
    ended = job(5, state, reason="" if state == "DONE" else "because", choices=["continue"] * (state == "PARKED"))
    with daemon(tmp_path, {"Retrieve": {"job": 5}, "jobs": {"jobs": [job(4, "PARKED"), ended]}}) as run:
        result = run("retrieve", "C1", "--wait", "--yes")
        as_json = run("retrieve", "C1", "--wait", "--json", "--yes")
    assert result.exit_code == as_json.exit_code == code
    assert result.output.startswith(f"job 5 RETRIEVE C1 bay 102 to room 1 (101) {state}\n")
    assert ("cartower resolve 5" in result.output) == (state == "PARKED")
    assert json.loads(as_json.output) == {"job": ended}


def test_wait_follows_events_until_the_job_ends(tmp_path: Path) -> None:
    states = iter(["QUEUED", "PICKING"])
    answers: dict[str, Answer] = {"Store": {"job": 5}, "status": sample_status()}
    thread: ControlThread

    def script(request: Request) -> Answer:
        if not (isinstance(request, Query) and request.what == "jobs"):
            return by_query(answers)(request)
        state = next(states, "DONE")
        if state != "DONE":
            thread.control.board.tell({"event": "job_state", "job": 5, "state": "?"})
        return {"jobs": [job(5, state)]}

    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", script)) as thread:
        result = Cartower(tmp_path, thread)("store", "--room", "101", "--car", "N", "--wait", "--yes")
    assert result.exit_code == 0
    assert next(states, None) is None


def test_watch_into_a_pipe_is_one_plain_line_an_event(tmp_path: Path) -> None:
    told: list[dict[str, object]] = [
        {"event": "unit_state", "state": "IDLE", "was": "RESETTING", "cause": ""},
        {"event": "job_state", "job": 7, "kind": "RETRIEVE", "car": "C1", "state": "QUEUED", "was": "", "reason": ""},
        {
            "event": "job_done",
            "job": 7,
            "kind": "RETRIEVE",
            "car": "C1",
            "measured_s": 5.2,
            "bound_s": 5.0,
            "ratio": 1.04,
            "overhead_ms_per_step": 22.2,
        },
        {"event": "room_state", "room": 101, "state": "VACANT", "was": "CLEARING"},
        {"event": "room_given", "room": 101, "job": 8, "car": "N"},
        {"event": "room_taken_back", "room": 101, "job": 8, "car": "N", "why": "TIMEOUT: the gate"},
        {"event": "station", "name": "bays1", "state": "OFFLINE", "detail": "no answer"},
        {"event": "alarm", "code": "SAFETY", "text": "E_STOP", "active": True},
        {"event": "something_new", "x": 1},
    ]
    def script(request: Request) -> Answer:
        raise AssertionError(f"only watching was asked for, not {request}")

    with ControlThread(ScriptedControl(tmp_path / "cartower.sock", script)) as thread:
        loop = thread.loop

        def tell_all() -> None:
            for event in told:
                thread.control.board.tell(event)

        thread.soon(lambda: loop.call_later(0.3, tell_all))
        thread.leave_after(0.6)
        result = Cartower(tmp_path, thread)("watch")
    assert result.exit_code == 3, "the daemon has gone"
    assert [line.split(" ", 1)[1] for line in result.stdout.splitlines()] == [
        "unit RESETTING -> IDLE",
        "job 7 RETRIEVE C1 QUEUED",
        "job 7 RETRIEVE C1 took 5.20 s; physical bound 5.00 s, ratio 1.040, overhead 22 ms a step",
        "room 101 CLEARING -> VACANT",
        "room 101 is for N",
        "room 101 is not for N any more: TIMEOUT: the gate",
        "station bays1 OFFLINE: no answer",
        "alarm SAFETY: E_STOP",
        "something_new x=1",
    ]


def test_an_import_tells_agreement_and_exits_by_it(tmp_path: Path) -> None:
    stock = tmp_path / "stock.csv"
    stock.write_text("car,place,model\nC1,102,brisa\nC2,204,\n")
    answer = {"agreed": 5, "disagreements": [{"place": 204, "stated": "C2", "sensed": "empty"}]}
    with daemon(tmp_path, {"ImportInventory": answer}) as run:
        result = run("inventory", "import", str(stock))
        (request,) = run.asked
    assert isinstance(request, events.ImportInventory)
    assert request.cars == (
        events.StockedCar(id="C1", place=102, model="brisa"),
        events.StockedCar(id="C2", place=204),
    )
    assert result.exit_code == 4
    assert result.output.splitlines() == ["5 places agreed, 1 disagree", "place\tstated\tsensed", "204\tC2\tempty"]


def test_a_bad_stock_file_is_never_sent(tmp_path: Path) -> None:
    stock = tmp_path / "stock.csv"
    stock.write_text("car,place\nC1,1o2\n")
    with daemon(tmp_path) as run:
        result = run("inventory", "import", str(stock))
        assert run.asked == []
    assert result.exit_code == 2
    assert "stock.csv:2: the place of car C1 is '1o2'" in result.stderr


def test_an_appointment_is_made_met_and_its_slot_looked_up(tmp_path: Path) -> None:
    slots = {"slot_s": 900, "capacity": 3, "rooms": [101], "slots": [{"begins": DUE, "booked": 2, "free": 1}]}
    answers: dict[str, Any] = {
        "Retrieve": {"appointment": 9, "due": DUE},
        "Arrive": {"job": 12},
        "OnTheWay": {"appointment": 9, "expected": DUE - 120.0, "held": "level 2 is blocked: a beam is bent"},
        "Cancel": {"appointment": 9, "state": "CANCELLED"},
        "slots": slots,
    }
    with daemon(tmp_path, answers) as run:
        assert run("retrieve", "C2", "--at", "2027-01-15T08:00Z").output == f"appointment 9: C2 at {due_text(DUE)}\n"
        assert run("retrieve", "C2", "--at", "14:30", "--wait").exit_code == 2
        assert run("retrieve", "C2", "--at", "noon").exit_code == 2
        when = f"appointment 9: C2 is wanted at {due_text(DUE - 120.0)}"
        wanted = f"{when}; it cannot come as things are: level 2 is blocked: a beam is bent\n"
        assert run("on-the-way", "C2", "--in", "2.5").output == wanted
        assert run("on-the-way", "C2", "--in", "-1").exit_code == 2
        assert run("on-the-way", "C2", "--in", "nan").exit_code == 2
        assert run("arrive", "C2", "--yes").output == "job 12\n"
        assert run("cancel", "9", "--yes").output == "appointment 9 CANCELLED\n"
        assert run("plan", "slots", "--day", "2027-01-15").output.splitlines() == [
            "from\tcapacity\tbooked\tfree", f"{due_text(DUE)}\t3\t2\t1",
        ]  # fmt: skip
        assert run("plan", "slots", "--day", "today").exit_code == 2
        asked = [each for each in run.asked if not isinstance(each, Query)]
    assert [type(each) for each in asked] == [events.Retrieve, events.OnTheWay, events.Arrive, events.Cancel]
    assert asked[1].in_s == 150  # type: ignore[attr-defined]
    assert isinstance(asked[0], events.Retrieve)
    assert asked[0].due == DUE
