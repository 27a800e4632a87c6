"""The dialogue about one parked job: what there is to know, which way out, a yes, and then what comes of it."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from controller.api.messages import METHOD_NOT_FOUND, ApiError
from controller.api.sync_client import SyncClient
from controller.cli import intent
from controller.cli.confirm import go_ahead, say
from controller.cli.event_texts import event_text
from controller.cli.exits import NOT_CONFIRMED, OTHERWISE, fail
from controller.cli.output import ODD, align, ink
from controller.cli.resolve_text import Asks, Job, Line, Register, WayOut, believed, happened, sensed, touched, ways_out
from controller.cli.texts import Status, place_text, rooms_of
from controller.cli.waiting import ENDED, LOOK_S
from controller.cli.what_next import state_step
from controller.domain.jobs import JobState
from controller.domain.refusal import Refusal

NOTHING_DECIDED: Final = "nothing was decided: the job stays parked"

WELL: Final = frozenset({"DONE", "CANCELLED", "DIVERTED", "CLOSED_BY_HAND"})


def guide(client: SyncClient, number: int) -> None:
    """Lead a person through one parked job until it has ended, or until they leave it.

    Exits with `NOT_CONFIRMED` if nothing was decided, and with `OTHERWISE` if the job waits for something more.

    Raises:
        Refusal: the job is not parked, or the decision is refused.

    """
    while True:
        status, job = client.call("status"), parked(client, number)
        _tell(client, status, job)
        way = _chosen(ways_out(status, job))
        place = _place(status, job, way)
        go_ahead(_said_before(status, job, way, place))
        state = client.call("resolve", job=number, choice=way.choice, place=place)["state"]
        print(f"job {number} {state}")
        if state == JobState.CLOSED_BY_HAND:
            _after_hands(client, way, place)
            return
        if _followed(client, number) in WELL:
            return


def parked(client: SyncClient, number: int) -> Job:
    """Return a parked job.

    Raises:
        Refusal: there is no such job, or it is not parked.

    """
    found: Sequence[Job] = client.call("jobs")["jobs"]
    job = next((each for each in found if each["id"] == number), None)
    if job is None:
        raise Refusal("UNKNOWN_JOB", f"job {number} has ended or does not exist")
    if job["state"] != JobState.PARKED:
        raise Refusal("JOB_STATE", f"job {number} is {job['state']}, not PARKED")
    return job


def _tell(client: SyncClient, status: Status, job: Job) -> None:
    _block("What happened", happened(status, job))
    _block("Where everything is believed to be", believed(status, job))
    _block("What the sensors show", _sensed(client, status, job))


def _block(title: str, lines: Iterable[Line]) -> None:
    say([ink(title, bold=True), *align([(f"  {name}", text) for name, text in lines]), ""])


def _sensed(client: SyncClient, status: Status, job: Job) -> Iterator[Line]:
    yield "carriage", str(status["carriage"]["load"] or "not seen").lower()
    rooms = rooms_of(status)
    for place in touched(job):
        station = "tower" if place in rooms else f"bays{place // 100}"
        yield sensed(status, place, _registers(client, station))


def _registers(client: SyncClient, station: str) -> Sequence[Register]:
    """Return what the newest image of a station holds; nothing where it cannot be asked."""
    try:
        found: Sequence[Register] = client.call("io", station=station, live=True)["signals"]
    except Refusal:
        return ()  # shown as not seen
    except ApiError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return ()
    return found


def _chosen(ways: Sequence[WayOut]) -> WayOut:
    """Show the ways out and let a person choose one."""
    lines = [ink("What can be done", bold=True)]
    for number, way in enumerate(ways, start=1):
        lines += [
            f"  {number}  {way.title}",
            f"       {way.moves}",
            *(f"       first: {check}" for check in way.checks),
        ]
    say([*lines, "  0  nothing now", ""])
    number = _asked("Which", click.IntRange(0, len(ways)), default=0)
    if number == 0:
        fail(NOT_CONFIRMED, NOTHING_DECIDED)
    return ways[number - 1]


def _place(status: Status, job: Job, way: WayOut) -> int | None:
    match way.asks:
        case Asks.NOTHING:
            return None
        case Asks.FREE_BAY:
            free = _free_bays(status)
            say([f"Free bays: {', '.join(map(str, free)) or 'none'}"])
            return _asked("Into which bay", click.IntRange(min=1))
        case Asks.WHERE_NOW:
            return _asked(f"Where is car {job['car']} now (bay or room; 0: outside the tower)", click.IntRange(min=0))
        case Asks.BAY_NOW:
            return _asked(f"In which bay is car {job['car']} now", click.IntRange(min=1))


def _free_bays(status: Status) -> list[int]:
    rooms = rooms_of(status)
    free = (each for each in status["places"].values() if each["status"] == "free" and each["job"] is None)
    return [each["place"] for each in free if each["place"] not in rooms]


def _said_before(status: Status, job: Job, way: WayOut, place: int | None) -> Iterator[str]:
    """Say what is about to be done, and what going on affirms."""
    moving = list(intent.resolution(status, job, way.choice, place))
    if moving:
        yield from moving
    else:
        where = "outside the tower" if place == 0 else f"in {place_text(place, rooms_of(status))}"
        yield f"Job {job['id']} is closed; car {job['car']} stands {where}. {way.moves}"
    yield "Going on says that you have made sure of this:"
    yield from (f"  {check}" for check in way.checks)


def _asked(text: str, kind: click.IntRange, default: int | None = None) -> int:
    try:
        answer: int = click.prompt(text, type=kind, default=default, err=True)
    except click.Abort:
        print(file=sys.stderr)
        fail(NOT_CONFIRMED, NOTHING_DECIDED)
    return answer


def _after_hands(client: SyncClient, way: WayOut, place: int | None) -> None:
    """Say what is left to do behind a job that was closed: nothing does it by itself."""
    if way.choice == "lock":
        print(f"bay {place} is out of use: `cartower place free {place}` gives it back")
    print("what the job left open, a reset closes: `cartower unit stop`, then reset and start")
    doubtful = client.call("status")["counts"]["unverified"]
    if doubtful:
        print(f"unverified bays: {doubtful}: look into each, then `cartower place confirm BAY` says what stands there")


def _followed(client: SyncClient, number: int) -> str:
    """Let the tower carry a decision out; return the state in which the job has come to rest.

    Exits with `OTHERWISE` where the tower stands, and somebody has to bring it to work first.
    """
    status = client.call("status")
    state = status["unit"]["state"]
    if state == "HELD":
        go_ahead(["The tower is HELD.", *intent.unit_command(status, client.call("jobs")["jobs"], "unhold")])
        client.call("unit", command="unhold")
    elif state != "EXECUTE":
        fail(OTHERWISE, f"the tower is {state}; it goes on once it works: {state_step(status) or '`cartower status`'}")
    return _to_its_rest(client, number)


def _to_its_rest(client: SyncClient, number: int) -> str:
    """Tell each step of a job until it has ended or is parked again.

    Exits with `OTHERWISE` if the tower stops working under way.
    """
    rooms = rooms_of(client.call("status"))
    for notice in client.notices(LOOK_S):
        if notice is not None and notice.params.get("job") == number and "event" in notice.params:
            print(event_text(notice.params, rooms))
        job = _any_job(client, number)
        if job["state"] in ENDED:
            ended = str(job["state"])
            print(f"job {number} {ink(ended, ODD) if ended == JobState.PARKED else ended}")
            return ended
        status = client.call("status")
        unit, step = status["unit"], state_step(status)
        if job["state"] == "INTERRUPTED" and step:
            fail(OTHERWISE, f"the tower is {unit['state']} ({unit['reason']}): {step}")
    raise AssertionError("notices end only with an error")


def _any_job(client: SyncClient, number: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in client.call("jobs", all=True)["jobs"] if each["id"] == number)
    return found
