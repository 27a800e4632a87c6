"""What people and programs are shown: plain JSON-able pictures of the state."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controller.activities import readings
from controller.activities.context import Bench
from controller.domain.book import CARRIAGE, Book
from controller.domain.jobs import Job, JobState
from controller.domain.places import PlaceStatus
from controller.domain.refusal import Refusal
from controller.runtime import alarm_views, audit_views, job_views, plan_views
from controller.runtime.inbox import Answer
from hal.plcmap.codes import Signal, State
from hal.plcmap.shape import level_of
from hal.readings import Loaded

if TYPE_CHECKING:
    from controller.runtime.control import Control

NEXT_SHOWN = 5
"""Of so many appointments a status tells; `jobs` tells of all."""

LOAD = {Loaded.YES: "LOADED", Loaded.NO: "EMPTY", Loaded.DOUBTFUL: "DOUBTFUL"}


@dataclass(frozen=True, slots=True)
class Title:
    """What the configuration calls the tower."""

    name: str
    title: str
    profile: str


class Views:
    """Makes the pictures. ``now`` is wall time in seconds since the epoch."""

    def __init__(self, bench: Bench, book: Book, title: Title, now: Callable[[], float]) -> None:
        self._bench = bench
        self._book = book
        self._title = title
        self._now = now

    def answer(self, control: "Control", what: str, params: Mapping[str, object]) -> Answer:  # noqa: PLR0911 - a picture a case
        """Answer a query.

        Raises:
            Refusal: there is no such picture.

        """
        match what:
            case "status":
                return self.status(control)
            case "cars":
                return {"cars": self.cars()}
            case "places":
                return {"places": self.places()}
            case "audit":
                return audit_views.picture(self._bench, self._book, control.audit.visiting, self._now())
            case "alarms":
                lines = control.alarms.lines()
                return {"alarms": alarm_views.full(control.alarms), "counts": alarm_views.counts(lines)}
            case "plan":
                clock_s = asyncio.get_running_loop().time()
                plan = plan_views.picture(self._bench, self._book, control.jobs, clock_s, self._now())
                return {**plan, "appointments": control.appointments.pictures()}
            case "jobs":
                ended = bool(params.get("all"))
                appointments = control.appointments.pictures(ended=ended)
                return {"jobs": self.jobs(control, ended=ended), "appointments": appointments}
            case _:
                raise Refusal("UNKNOWN_QUERY", f"there is no picture {what!r}")

    def status(self, control: "Control") -> dict[str, object]:
        """Return the whole picture."""
        working = control.jobs.working
        queue = [job for job in self._book.open_jobs() if job is not working]
        return {
            "tower": self._tower(),
            "unit": {
                "state": control.unit.state.name,
                "mode": control.unit.mode.name,
                "reason": control.unit.cause,
                "reset_due": control.unit.reset_due,
                "since": round(asyncio.get_running_loop().time() - control.unit.since, 1),
            },
            "restrictions": control.restricting.picture(),
            "safety": self._safety(),
            "stations": [
                {"name": name, "state": readings.standing(station), "detail": station.trouble}
                for name, station in self._bench.tower.stations.items()
            ],
            "carriage": self._carriage(),
            "rooms": [self._room(control, place, number) for number, place in self._numbered_rooms()],
            "places": {str(each["place"]): each for each in self.places()},
            "job": None if working is None else self._at_hand(control, working),
            "jog": control.hand.picture(),
            "queue": [self._queued(control, job, position) for position, job in enumerate(queue, start=1)],
            "appointments": control.appointments.pictures()[:NEXT_SHOWN],
            "audit": audit_views.in_short(self._bench, self._book, control.audit.visiting, self._now()),
            "counts": self._counts(),
            "alarms": alarm_views.active(control.alarms),
            "alarm_counts": alarm_views.counts(control.alarms.lines()),
            "now": datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds"),
        }

    def cars(self) -> list[dict[str, object]]:
        """Return every car inside, by place, and the known ones outside."""
        inside = {place.car: place for place in self._book.places.values() if place.car is not None}
        lines: list[dict[str, object]] = []
        for car in sorted(self._book.cars.values(), key=lambda each: each.id):
            place = inside.get(car.id)
            verified = place is None or place.status is PlaceStatus.OCCUPIED
            lines.append(
                {
                    "id": car.id,
                    "model": car.model,
                    "place": None if place is None or place.number == CARRIAGE else place.number,
                    "where": self._where(None if place is None else place.number),
                    "status": "verified" if verified else "unverified",
                }
            )
        return lines

    def places(self) -> list[dict[str, object]]:
        """Return every bay and room as it is believed."""
        reserved = self._book.reserved()
        return [
            {
                "place": place.number,
                "status": place.status.value,
                "car": place.car,
                "reason": place.reason,
                "job": reserved.get(place.number),
            }
            for place in sorted(self._book.places.values(), key=lambda each: each.number)
            if place.number != CARRIAGE
        ]

    def jobs(self, control: "Control", *, ended: bool) -> list[dict[str, object]]:
        """Return the open jobs, and those that have ended if asked for."""
        jobs = sorted(self._book.jobs.values(), key=lambda job: job.id) if ended else self._book.open_jobs()
        return [job_views.in_full(job, control.jobs.measured.get(job.id)) for job in jobs]

    def _at_hand(self, control: "Control", job: Job) -> dict[str, object]:
        elapsed_s, stands_s = control.jobs.step_elapsed_s(), control.jobs.queue.stands_s()
        held = control.jobs.foresight.promises.stands
        return job_views.at_hand(control.jobs.foresight.cycles, job, elapsed_s, self._now(), stands_s, held)

    def _queued(self, control: "Control", job: Job, position: int) -> dict[str, object]:
        promises = control.jobs.foresight.promises
        eta = promises.etas.get(job.id) if job.state is JobState.QUEUED else None
        promise = plan_views.promised(eta, asyncio.get_running_loop().time())
        held = promises.held.get(job.id, "") if job.state is JobState.QUEUED else promises.stands
        return {**job_views.in_queue(job, position), "promise": promise, "held": held}

    def _tower(self) -> dict[str, object]:
        shape = self._bench.shape
        return {
            "name": self._title.name,
            "title": self._title.title,
            "profile": self._title.profile,
            "levels": shape.levels,
            "positions": shape.positions,
            "rooms": list(shape.rooms),
            "bays": len(shape.bays),
            "heights_mm": [
                min((pose.height_mm for place, pose in shape.poses.items() if level_of(place) == level), default=0)
                for level in range(1, shape.levels + 1)
            ],
        }

    def _safety(self) -> dict[str, object]:
        image = self._bench.tower.stations["tower"].last_image
        if image is None or not self._bench.tower.stations["tower"].online:
            return {"closed": None, "causes": []}
        reader = self._bench.tower.safety
        return {"closed": reader.ok, "causes": [str(cause.name) for cause in reader.causes()]}

    def _carriage(self) -> dict[str, object]:
        tower, place = self._bench.tower, self._book.places[CARRIAGE]
        if not tower.stations["tower"].online:
            unknown = ("height_mm", "angle_mdeg", "place", "load", "shuttle_mm")
            return {**dict.fromkeys(unknown), "car": place.car}
        return {
            "height_mm": tower.lift.position_mm,
            "angle_mdeg": tower.turntable.position_mdeg,
            "place": tower.dock.docked_at,
            "load": LOAD[tower.shuttle.loaded],
            "car": place.car,
            "shuttle_mm": tower.shuttle.position_mm,
        }

    def _numbered_rooms(self) -> list[tuple[int, int]]:
        return list(enumerate(self._bench.shape.rooms, start=1))

    def _room(self, control: "Control", place: int, number: int) -> dict[str, object]:
        driver, online = self._bench.tower.rooms[place], self._bench.tower.stations["tower"].online
        facts = control.rooms.facts(place)
        return {
            "place": place,
            "number": number,
            "state": control.rooms.state(place).name,
            "car": self._book.places[place].car,
            "job": next((job.id for job in self._book.open_jobs() if place in (job.room, job.target)), None),
            "door": _shown(driver.inner_door.state) if online else None,
            "gate": _shown(driver.outer_gate.state) if online else None,
            "sign": _shown(driver.signal.shown) if online else None,
            "person": None if facts is None else facts.maybe_person,
            "fault": control.rooms.fault(place),
        }

    def _counts(self) -> dict[str, int]:
        bays = [self._book.places[bay] for bay in self._bench.shape.bays]
        counts = {status.value: sum(bay.status is status for bay in bays) for status in PlaceStatus}
        return {"bays": len(bays), **counts}

    def _where(self, place: int | None) -> str:
        if place is None:
            return "outside"
        if place == CARRIAGE:
            return "carriage"
        return "room" if place in self._bench.shape.rooms else "bay"


def _shown(code: State | Signal | None) -> str | None:
    """Return the name of what a PLC shows, None for what is in no table."""
    return None if code is None else code.name
