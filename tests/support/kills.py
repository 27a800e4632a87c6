"""Killing the daemon at a chosen moment of a job, starting it again, and writing down what was found."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controller.api.sync_client import SyncClient
from controller.domain.book import Book
from controller.domain.jobs import TERMINAL, JobState
from controller.domain.records import from_entry
from tests.support.journals import open_journal
from tests.support.processes import Child, Site, eventually

Truth = Mapping[str, Any]

COMB_STROKE_MM = 190

SUB_STEPS = 3
"""Of an exchange: see `sub_step`."""

STEP_S = 30.0
"""How long a step may keep a test waiting."""

ENDED = {*TERMINAL, JobState.PARKED}


def at_once(_truth: Truth) -> bool:
    """As soon as the step is told: its command may or may not have been written."""
    return True


def driving(truth: Truth) -> bool:
    return bool(truth["carriage"]["lift"]["moving"] or truth["carriage"]["turntable"]["moving"])


def way_moving(truth: Truth) -> bool:
    """A door or a latch is on its way."""
    doors = any(door["velocity_mm_s"] for door in truth["doors"].values())
    return doors or any(0 < latch < 1 for latch in truth["latches"].values())


def extending(truth: Truth) -> bool:
    return bool(truth["carriage"]["arms"]["velocity"] > 0)


def transferring(truth: Truth) -> bool:
    return bool(truth["carriage"]["comb"]["moving"] and not truth["carriage"]["arms_centred"])


def retracting(truth: Truth) -> bool:
    return bool(truth["carriage"]["arms"]["velocity"] < 0)


def exchanging(truth: Truth) -> bool:
    """Arms or comb have begun to move."""
    return bool(truth["carriage"]["arms"]["moving"] or truth["carriage"]["comb"]["moving"])


def at_rest(truth: Truth) -> bool:
    return not anything_moves(truth)


def anything_moves(truth: Truth) -> bool:
    return driving(truth) or exchanging(truth) or way_moving(truth)


@dataclass(frozen=True)
class Kill:
    """In which step, and how it is seen from the plant that the moment has come.

    The next daemon is started at once, or, ``back_late``, after the PLC has stopped because of the silence. As many
    as ``stillborn`` says are killed as soon as they answer, before one may live. A ``spare`` one is needed only if the
    silence has not yet cut the step's exchange in each sub-step, and the exchange goes on: on a busy machine a
    heartbeat may be old at the kill, or the kill late.
    """

    step: JobState
    moment: Callable[[Truth], bool] = at_once
    back_late: bool = False
    stillborn: int = 0
    spare: bool = False

    @property
    def text(self) -> str:
        """The moment in words."""
        more = f", {self.stillborn} more in recovery" if self.stillborn else ""
        return self.moment.__name__.replace("_", " ") + more


@dataclass(frozen=True)
class Row:
    """What became of one kill."""

    kind: str
    kill: Kill
    in_journal: str
    """State of the job, as the journal of the dead daemon has it."""
    open_intents: tuple[str, ...]
    stands: str
    """Where the machine stands once the next daemon has reconciled."""
    sub_step: str
    """Of an exchange that was cut, else empty."""
    restart_s: float
    """From the start of the process to a status with every station reconciled."""
    settled: tuple[str, ...]
    unverified: tuple[int, ...]
    end: str = "?"

    def cells(self) -> tuple[str, ...]:
        kill = self.kill
        return (
            self.kind,
            kill.step.value,
            kill.text,
            "late" if kill.back_late else "soon",
            self.in_journal,
            " ".join(self.open_intents) or "-",
            f"{self.restart_s:.2f}",
            " ".join(self.settled) or "-",
            self.stands,
            " ".join(map(str, self.unverified)) or "-",
            self.end,
        )


HEADERS = (
    *("kind", "killed in", "moment", "back", "journal says", "open intents", "restart s", "settled", "stands"),
    *("unverified", "end"),
)


def render(rows: Sequence[Row]) -> str:
    """Return the table of rows as text with aligned columns."""
    lines = [HEADERS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(text.rstrip() for text in texts)


@dataclass
class Ordeal:
    """One tower whose daemon is killed again and again while it works; ``rows`` tells of every kill."""

    site: Site
    daemon: Child
    rows: list[Row] = field(default_factory=list)

    def endure(self, kind: str, order: Callable[[SyncClient], int], kills: Sequence[Kill]) -> None:
        """Order a job and kill the daemon at each of the moments; the job has to end well all the same."""
        first, since = len(self.rows), time.monotonic()
        with watching(self.site) as watch:
            job = order(watch.client)
            left, met = "", JobState.QUEUED
            for kill in kills:
                over = met is kill.step and watch.job(job)["state"] != met.value
                if kill.spare and (over or self._cut_everywhere(kill.step)):
                    continue
                met = kill.step
                watch.until_step(job, kill.step, goes_on=kill.step.value == left)
                if not self._seen(kill, lambda: watch.job(job)["state"]):
                    continue
                self.daemon.kill()
                row = self._restart(kind, job, kill)
                self.rows.append(row)
                left = row.in_journal
                watch.anew()
                watch.reset_and_start()
            ended = watch.until_ended(job)
        self.rows[first:] = [replace(row, end=ended["state"]) for row in self.rows[first:]]
        print(f"{kind} job {job}: {len(kills)} kills, {time.monotonic() - since:.1f} s")
        assert ended["state"] in ("DONE", "CANCELLED"), f"job {job} ended {ended['state']}: {ended['reason']}"
        self.everything_is_known()

    def _cut_everywhere(self, step: JobState) -> bool:
        return len(cut_sub_steps(self.rows, step)) == SUB_STEPS

    def _seen(self, kill: Kill, state: Callable[[], str]) -> bool:
        """Wait for the moment of a kill; False: for a spare one it came no more, since the exchange was over."""
        if not kill.spare:
            until_seen(self.site, kill.moment)
            return True
        with self.site.plant() as plant:

            def look() -> str:
                return "seen" if kill.moment(plant.call("truth")) else "" if state() == kill.step.value else "over"

            return eventually(look, STEP_S, kill.moment.__name__) == "seen"

    def everything_is_known(self) -> None:
        """Hold the daemon's belief against the plant: every car, every place, and no crime."""
        cars = json_of(self.site.cartower("cars", "--json"))["cars"]
        truth = json_of(self.site.cartower_sim("truth", "--json"))
        assert believed(cars) == real(truth)
        assert all(car["status"] == "verified" for car in cars)
        assert self.site.unverified() == ()
        assert truth["crimes"] == []
        with self.site.client() as client:
            assert client.call("status")["alarms"] == []

    def _restart(self, kind: str, job: int, kill: Kill) -> Row:
        journal = autopsy(self.site)
        if kill.back_late:
            until_seen(self.site, at_rest)
        for _ in range(kill.stillborn):
            stillborn = self.site.start_daemon()
            self.site.wait_answering(stillborn)
            stillborn.kill()
            autopsy(self.site)()
        self.daemon = self.site.start_daemon()
        self.site.wait_reconciled(self.daemon)
        restart_s = time.monotonic() - self.daemon.began
        book = journal()
        believed_job, truth = book.jobs[job], self.site.truth()
        row = Row(
            kind,
            kill,
            believed_job.state.value,
            tuple(sorted(short(name) for name, _ in book.intents)),
            stands(truth),
            sub_step(truth),
            restart_s,
            tuple(f"{short(line['mechanism'])}:{line['verdict']}" for line in self.daemon.logged("intent_settled")),
            self.site.unverified(),
        )
        self._nothing_false(row, {believed_job.source, believed_job.target})
        return row

    def _nothing_false(self, row: Row, touched: set[int | None]) -> None:
        """Hold what is believed before anything moves again: what is claimed is so, and little is in doubt."""
        truth = self.site.truth()
        where = real(truth)
        for car in self.site.ask("cars"):
            if car["status"] == "verified" and car["where"] != "outside":
                assert where.get(car["id"]) == place_of(car), f"{car} in {row}"
        assert set(row.unverified) <= touched, row
        assert len(row.unverified) <= 2, row
        assert truth["crimes"] == [], row


def until_seen(site: Site, moment: Callable[[Truth], bool]) -> None:
    """Return as soon as the plant shows a moment."""
    with site.plant() as plant:
        eventually(lambda: moment(plant.call("truth")), STEP_S, moment.__name__, every_s=0.01)


class Watch:
    """What the daemon tells, over its deaths."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.client = site.client()
        self._notices = self.client.notices(0.05)
        next(self._notices)

    def anew(self) -> None:
        """Listen to the daemon that has followed."""
        self.close()
        self.__init__(self._site)  # type: ignore[misc]

    def close(self) -> None:
        self.client.close()

    def reset_and_start(self) -> None:
        """Do what a person has to do after each start."""
        self.client.call("unit", command="reset", on_site=True)
        eventually(lambda: self.client.call("status")["unit"]["state"] == "IDLE" or None, STEP_S, "reset")
        self.client.call("unit", command="start")

    def until_step(self, job: int, step: JobState, *, goes_on: bool) -> None:
        """Return as soon as a job is told to be in a step, or, standing in it already, goes on as the unit executes."""
        for event in self._events():
            state = event.get("state")
            if event.get("event") == "job_state" and event["job"] == job:
                assert JobState(str(state)) not in ENDED, f"job {job} ended before {step.value}: {event}"
                if state == step.value:
                    return
            if event.get("event") == "unit_state" and state == "EXECUTE" and goes_on:
                return
        raise AssertionError(f"job {job} was not in {step.value} within {STEP_S:g} s: {self.job(job)}")

    def until_ended(self, job: int) -> Mapping[str, Any]:
        """Return a job once it has ended, or stands parked."""
        return eventually(lambda: self._if_ended(job), STEP_S, f"job {job} ends", every_s=0.1)

    def job(self, job: int) -> Mapping[str, Any]:
        jobs = self.client.call("jobs", all=True)["jobs"]
        found: Mapping[str, Any] = next(each for each in jobs if each["id"] == job)
        return found

    def _if_ended(self, job: int) -> Mapping[str, Any] | None:
        found = self.job(job)
        return found if JobState(found["state"]) in ENDED else None

    def _events(self) -> Iterator[Mapping[str, Any]]:
        deadline = time.monotonic() + STEP_S
        for notice in self._notices:
            if notice is not None and notice.method == "event":
                yield notice.params
            if time.monotonic() > deadline:
                return


@contextmanager
def watching(site: Site) -> Iterator[Watch]:
    watch = Watch(site)
    try:
        yield watch
    finally:
        watch.close()


def autopsy(site: Site) -> Callable[[], Book]:
    """Copy the journal of a dead daemon; the answer verifies the copy and returns what it amounts to.

    The copy is made at once, so that the next daemon need not wait for the look at it.
    """
    folder = site.run_dir / f"autopsy-{len(site.children):02}"
    folder.mkdir()
    for file in site.run_dir.glob("journal.sqlite*"):
        shutil.copy(file, folder / file.name)

    def look() -> Book:
        journal = open_journal(folder / "journal.sqlite")
        try:
            report = journal.verify()
            assert report.damage == ()
            assert report.entries
            snapshot, tail = journal.load()
        finally:
            journal.close()
        book = Book.empty(()) if snapshot is None else Book.from_body(snapshot.body)
        for entry in tail:
            book.apply(from_entry(entry.kind, entry.body))
        return book

    return look


def believed(cars: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return where `cartower cars` says that each car inside is."""
    return {car["id"]: place_of(car) for car in cars if car["where"] != "outside"}


def real(truth: Truth) -> dict[str, object]:
    """Return where each car inside really is."""
    inside: dict[str, object] = {car: int(place) for place, car in truth["cars"].items()}
    inside |= {car: f"crossing {room}" for room, car in truth["crossing"].items()}
    if truth["carriage"]["car"] is not None:
        inside[truth["carriage"]["car"]] = "carriage"
    return inside


def place_of(car: Mapping[str, Any]) -> object:
    return "carriage" if car["where"] == "carriage" else car["place"]


def stands(truth: Truth) -> str:
    """Return in words where the carriage stands and how far an exchange has got."""
    carriage = truth["carriage"]
    where = f"at {carriage['docked']}" if carriage["docked"] else f"{carriage['lift']['position']:.0f} mm"
    if carriage["arms_centred"]:
        return where
    return f"{where}, arms {carriage['arms']['position']:.0f} mm, {sub_step(truth)}"


def sub_step(truth: Truth) -> str:
    """Return in which of three sub-steps of an exchange the shuttle stands, empty when it is centred."""
    carriage = truth["carriage"]
    if carriage["arms_centred"]:
        return ""
    comb = carriage["comb"]["position"]
    return "comb down" if comb == 0 else "comb up" if comb == COMB_STROKE_MM else "comb half-way"


def cut_sub_steps(rows: Sequence[Row], step: JobState) -> set[str]:
    """Return in which sub-steps of a step's exchange the silence of a dead daemon has cut it."""
    return {row.sub_step for row in rows if row.kill.step is step and "shuttle:STOPPED_SILENCE" in row.settled}


def short(mechanism: str) -> str:
    return mechanism.removeprefix("tower/")


def json_of(text: str) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(text)
    return body


def write(path: Path, rows: Sequence[Row]) -> None:
    """Keep the table, and print it."""
    text = render(rows)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}")
