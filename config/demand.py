"""Who comes to a tower when: opening hours, arrivals, appointments, returns. Read with the same care as a tower."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from config.document import read_document
from config.explain import validate
from config.faults import ConfigError, Fault, by_position
from config.packaged import find
from config.sources import Layer, Sources
from config.table import Table

WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=1000)]
Rates = Annotated[tuple[Rate, ...], Field(strict=False, min_length=1, max_length=24)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Arrivals(Table):
    """How many customers come in each opening hour, in the demand's measure; a day of zeros is a day off."""

    every_day: Rates
    """One value for each opening hour, from the first one on."""
    monday: Rates | None = None
    """In place of every_day, as on the other days below."""
    tuesday: Rates | None = None
    wednesday: Rates | None = None
    thursday: Rates | None = None
    friday: Rates | None = None
    saturday: Rates | None = None
    sunday: Rates | None = None

    def of(self, weekday: int) -> tuple[float, ...]:
        """Return the values of a weekday, 0 to 6 from Monday on."""
        by_day = (
            *(self.monday, self.tuesday, self.wednesday, self.thursday),
            *(self.friday, self.saturday, self.sunday),
        )
        return by_day[weekday] or self.every_day


class Rush(Table):
    """Many who come within minutes, on top of the arrivals by the hour."""

    at_h: Annotated[float, Field(ge=0, lt=24)]
    """When it begins, in hours of the day: 17.5 is half past five."""
    minutes: Annotated[float, Field(gt=0, le=600)]
    """Over how long it spreads."""
    customers: Rate
    """How many come, all together: cars, or hours of the tower's capacity."""
    returns: Share | None = None
    """Which part of them bring a car; else as at other times."""
    days: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1)] = WEEK
    """On which days of the week."""


class Booked(Table):
    """Customers with an appointment."""

    share: Share = 0.6
    """Which part of those who fetch a car."""
    slot_min: Annotated[float, Field(ge=1, le=240)] = 15.0
    """From one appointment to the next."""
    spread_s: Annotated[float, Field(ge=0, le=3600)] = 240.0
    """How far from the appointment people come: standard deviation, early or late."""
    tells: Share = 0.0
    """Which part of them says that they are on the way, and when they will be there."""
    tells_ahead_s: Annotated[float, Field(ge=0, le=3600)] = 300.0
    """How long before they come they say so: the mean; of each from half of it to one and a half."""
    tells_off_s: Annotated[float, Field(ge=0, le=900)] = 60.0
    """How far from what they have said they come: standard deviation, early or late."""


class Returns(Table):
    """Customers who bring a car."""

    share: Share = 0.4
    """Which part of all. Where no bay is free, or no car is left, the other kind comes instead."""
    again_min: Annotated[float, Field(ge=0, le=1440)] = 60.0
    """How long a car that came back is not given out: papers, a look around it."""


class Visits(Table):
    """How long people need in a room, from gate open to gate clear."""

    fetch_s: Annotated[float, Field(ge=10, le=600)] = 90.0
    """To walk in, belt up and drive out: the mean."""
    bring_s: Annotated[float, Field(ge=10, le=600)] = 50.0
    """To drive in, get out and walk out: the mean."""
    spread: Annotated[float, Field(ge=0, le=1)] = 0.35
    """Standard deviation as a share of the mean."""


class Demand(Table):
    """A week of customers, drawn anew for each day."""

    title: str = ""
    measure: Literal["cars", "capacity"]
    """What numbers of customers are in: cars, or what the tower can give out in an hour at most."""
    opens_h: Annotated[int, Field(ge=0, le=23)] = 9
    """Hour of the day."""
    closes_h: Annotated[int, Field(ge=1, le=24)] = 21
    """Nobody comes later; who came before is served."""
    filling: Share = 0.8
    """Which part of the bays holds a car in the morning."""
    arrivals: Arrivals
    rush: Annotated[tuple[Rush, ...], Field(strict=False)] = ()
    booked: Booked = Booked()
    returns: Returns = Returns()
    visits: Visits = Visits()
    models: Annotated[dict[str, Annotated[float, Field(gt=0, le=1000)]], Field(min_length=1)]
    """Each model with how often it is asked for, beside the others."""


def load_demand(path: Path | str) -> Demand:
    """Return the demand that a file, or a packaged demand's bare name (``saturday``), describes.

    Raises:
        ConfigError: with every fault of keys and ranges, or else with every fault of meaning.

    """
    document = read_document(find(path, "demands"))
    sources = Sources(document, (Layer(document),))
    demand = validate(Demand, sources)
    faults = by_position(_judge(demand, sources))
    if faults:
        raise ConfigError(faults)
    return demand


def _judge(demand: Demand, sources: Sources) -> Iterator[Fault]:
    hours = demand.closes_h - demand.opens_h
    if hours <= 0:
        message = "is not behind the opening hour"
        yield sources.fault(("closes_h",), message, allowed=f"{demand.opens_h + 1} to 24", value=demand.closes_h)
        return
    arrivals = demand.arrivals
    for name, rates in (("every_day", arrivals.every_day), *((day, arrivals.of(i)) for i, day in enumerate(WEEK))):
        if len(rates) != hours and (name == "every_day" or rates is not arrivals.every_day):
            message = "needs one value for each opening hour"
            yield sources.fault(("arrivals", name), message, allowed=f"{hours} entries", value=list(rates))
    for i, rush in enumerate(demand.rush):
        if not demand.opens_h <= rush.at_h < demand.closes_h:
            allowed = f"{demand.opens_h} to {demand.closes_h}"
            yield sources.fault(("rush", i, "at_h"), "lies outside the opening hours", allowed=allowed, value=rush.at_h)
