"""A day at a tower: which cars stand where, who comes when and wants what. Read with the same care as a tower."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.document import read_document
from config.explain import validate
from config.faults import ConfigError, Fault, by_position, did_you_mean
from config.packaged import find
from config.positions import KeyPath
from config.schema import Tower
from config.sources import Layer, Sources
from config.table import Table

CarId = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,15}$")]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Model(Table):
    """A make of car: what the measuring frame will see."""

    title: str
    length_mm: Annotated[int, Field(ge=1000, le=10_000)]
    width_mm: Annotated[int, Field(ge=500, le=5_000)]
    """Over the mirrors."""
    height_mm: Annotated[int, Field(ge=500, le=5_000)]
    weight_kg: Annotated[int, Field(ge=400, le=10_000)]
    """With what is in it. The floor scale sees nothing below 400 kg."""


class Car(Table):
    """A car that stands in a bay when the day begins."""

    id: CarId
    model: str
    place: Annotated[int, Field(ge=101, le=9999)]


class Retrieve(Table):
    """Someone comes for a car."""

    kind: Literal["retrieve"]
    at_s: Seconds
    car: CarId
    room: int | None = None
    """Place of the room; without it the controller chooses."""


class Store(Table):
    """Someone brings a car to a room."""

    kind: Literal["store"]
    at_s: Seconds
    car: CarId
    room: int
    model: str | None = None
    """Of a car that comes for the first time today; one that left earlier is known already."""


class Relocate(Table):
    """The operator wants a car in another bay."""

    kind: Literal["relocate"]
    at_s: Seconds
    car: CarId
    bay: int


Order = Annotated[Retrieve | Store | Relocate, Field(discriminator="kind")]


class Habits(Table):
    """How long people take. Real seconds, whatever the machine's profile."""

    drive_s: Annotated[float, Field(gt=0, le=600)] = 20.0
    """To drive a car through the open gate, in or out."""
    leave_s: Annotated[float, Field(gt=0, le=600)] = 25.0
    """To get out of a car that stands within the marks, and out of the room."""
    dwell_s: Annotated[float, Field(gt=0, le=600)] = 90.0
    """To walk in through the open gate, get into the car and belt up."""


class Scenario(Table):
    """One day. Orders come in the order of their times."""

    title: str = ""
    tower: str
    """Name of the tower whose places these are."""
    habits: Habits = Habits()
    model: dict[str, Model]
    car: Annotated[tuple[Car, ...], Field(strict=False)] = ()
    order: Annotated[tuple[Order, ...], Field(strict=False)] = ()

    def model_of(self, car: str) -> Model:
        """Return the make of a car that stands here or comes today.

        Raises:
            KeyError: no such car.

        """
        return self.model[self._models()[car]]

    def _models(self) -> dict[str, str]:
        here = {car.id: car.model for car in self.car}
        coming = {o.car: o.model for o in self.order if isinstance(o, Store) and o.model is not None}
        return here | coming


def load_scenario(path: Path | str, tower: Tower) -> Scenario:
    """Return the scenario that a file, or a packaged scenario's bare name (``first-day``), describes for a tower.

    Raises:
        ConfigError: with every fault of keys and ranges, or else with every fault of meaning: an unknown place, a
            car that is not there when it is asked for, a tower that overflows.

    """
    document = read_document(find(path, "scenarios"))
    sources = Sources(document, (Layer(document),))
    scenario = validate(Scenario, sources)
    faults = by_position(_judge(scenario, tower, sources))
    if faults:
        raise ConfigError(faults)
    return scenario


def _judge(day: Scenario, tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Walk through the day with pencil and paper: every car must be where it is asked for."""
    if day.tower != tower.name:
        yield sources.fault(("tower",), f"the scenario is not for tower '{tower.name}'", value=day.tower)
        return
    yield from _judge_models(day, tower, sources)
    inside: dict[str, int | None] = {}
    yield from _judge_stock(day, tower, sources, inside)
    yield from _judge_orders(day, tower, sources, inside)


def _judge_models(day: Scenario, tower: Tower, sources: Sources) -> Iterator[Fault]:
    limits = tower.limits
    for name, model in day.model.items():
        for key, value, limit in (
            ("length_mm", model.length_mm, limits.length_mm),
            ("width_mm", model.width_mm, limits.width_mm),
            ("height_mm", model.height_mm, limits.height_mm),
            ("weight_kg", model.weight_kg, limits.weight_kg),
        ):
            if value > limit:
                message = "is more than the tower takes in"
                yield sources.fault(("model", name, key), message, allowed=f"at most {limit}", value=value)


def _judge_stock(day: Scenario, tower: Tower, sources: Sources, inside: dict[str, int | None]) -> Iterator[Fault]:
    bays = set(tower.shape.bays)
    for i, car in enumerate(day.car):
        yield from _judge_model(day, sources, ("car", i, "model"), car.model)
        if car.id in inside:
            yield sources.fault(("car", i, "id"), "is named twice", value=car.id)
        if car.place not in bays:
            yield sources.fault(("car", i, "place"), f"tower '{tower.name}' has no such bay", value=car.place)
        elif car.place in inside.values():
            yield sources.fault(("car", i, "place"), "holds another car", value=car.place)
        inside[car.id] = car.place


def _judge_model(day: Scenario, sources: Sources, path: KeyPath, model: str) -> Iterator[Fault]:
    if model not in day.model:
        hint = did_you_mean(model, list(day.model))
        yield sources.fault(path, f"no such model{hint}", allowed=", ".join(day.model), value=model)


def _judge_orders(day: Scenario, tower: Tower, sources: Sources, inside: dict[str, int | None]) -> Iterator[Fault]:
    """Walk the orders in their order; ``inside`` follows (None: a bay of the controller's choice)."""
    known = {car.id for car in day.car}
    last_s = 0.0
    for i, order in enumerate(day.order):
        path: KeyPath = ("order", i)
        if order.at_s < last_s:
            yield sources.fault((*path, "at_s"), "comes before the order above it", value=order.at_s)
        last_s = max(last_s, order.at_s)
        match order:
            case Retrieve():
                yield from _judge_room(tower, sources, path, order.room)
                yield from _judge_inside(sources, path, order.car, inside)
                inside.pop(order.car, None)
            case Store():
                yield from _judge_room(tower, sources, path, order.room)
                yield from _judge_arrival(day, sources, path, order, inside, known)
                inside[order.car] = None
                if len(inside) > len(tower.shape.bays):
                    yield sources.fault((*path, "car"), "finds every bay taken", value=order.car)
            case Relocate():
                yield from _judge_inside(sources, path, order.car, inside)
                if order.bay not in tower.shape.bays:
                    yield sources.fault((*path, "bay"), f"tower '{tower.name}' has no such bay", value=order.bay)
                elif order.bay in inside.values():
                    yield sources.fault((*path, "bay"), "is not free by then", value=order.bay)
                inside[order.car] = order.bay


def _judge_room(tower: Tower, sources: Sources, path: KeyPath, room: int | None) -> Iterator[Fault]:
    if room is not None and room not in tower.ring.rooms:
        rooms = ", ".join(map(str, tower.ring.rooms))
        yield sources.fault((*path, "room"), f"tower '{tower.name}' has no such room", allowed=rooms, value=room)


def _judge_inside(
    sources: Sources, path: KeyPath, car: str, inside: dict[str, int | None]
) -> Iterator[Fault]:
    if car not in inside:
        message = f"is not in the tower by then{did_you_mean(car, list(inside))}"
        yield sources.fault((*path, "car"), message, value=car)


def _judge_arrival(
    day: Scenario, sources: Sources, path: KeyPath, order: Store, inside: dict[str, int | None], known: set[str]
) -> Iterator[Fault]:
    if order.car in inside:
        yield sources.fault((*path, "car"), "is in the tower already", value=order.car)
    if order.model is not None:
        yield from _judge_model(day, sources, (*path, "model"), order.model)
        if order.car in known:
            yield sources.fault((*path, "model"), "is known from its first visit", value=order.model)
    elif order.car not in known:
        yield sources.fault((*path, "model"), "is missing: the car comes for the first time")
    known.add(order.car)
