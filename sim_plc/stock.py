"""Which cars stand in a tower that was never run: a scenario's, or some by chance, or none."""

import random
from collections.abc import Mapping
from typing import Final

from config.scenario import Habits as DayHabits
from config.scenario import Model, Scenario
from config.schema import Tower
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.roster import Roster

FILLING: Final = 0.8
"""Part of the bays that hold a car when chance decides."""


def scenario_stock(scenario: Scenario, roster: Roster) -> dict[int, Car]:
    """Return a scenario's cars by place; those that come later in the day are put on the roster, too."""
    for order in scenario.order:
        if order.kind == "store" and order.model is not None:
            roster.enrol(_car(order.car, scenario.model[order.model]), order.model)
    return {
        car.place: roster.enrol(_car(car.id, scenario.model[car.model]), car.model) for car in scenario.car
    }


def random_stock(tower: Tower, seed: int, roster: Roster) -> dict[int, Car]:
    """Return cars in `FILLING` of the bays, all within the tower's limits."""
    dice = random.Random(f"{seed} stock")
    bays = sorted(dice.sample(tower.shape.bays, round(FILLING * len(tower.shape.bays))))
    return {bay: roster.enrol(_random_car(f"S{i:03}", tower, dice)) for i, bay in enumerate(bays, start=1)}


def habits_of(day: DayHabits) -> Habits:
    """Return how people behave at the rooms on a day whose file tells only the longer times."""
    hurry_s = min(day.leave_s, day.dwell_s)
    return Habits(
        notice_s=min(1.0, hurry_s / 3),
        step_s=min(1.5, hurry_s / 3),
        drive_s=day.drive_s,
        leave_s=day.leave_s,
        dwell_s=day.dwell_s,
    )


def stock_csv(cars: Mapping[int, str], roster: Roster) -> str:
    """Return an inventory file: what stands where, by place."""
    lines = [f"{car},{place},{roster.model(car)}" for place, car in sorted(cars.items())]
    return "\n".join(["car,place,model", *lines, ""])


def _car(name: str, model: Model) -> Car:
    return Car(name, model.length_mm, model.width_mm, model.height_mm, model.weight_kg)


def _random_car(name: str, tower: Tower, dice: random.Random) -> Car:
    limits = tower.limits
    return Car(
        name,
        dice.randint(round(0.7 * limits.length_mm), limits.length_mm),
        dice.randint(round(0.75 * limits.width_mm), limits.width_mm),
        dice.randint(round(0.62 * limits.height_mm), limits.height_mm),
        dice.randint(round(0.4 * limits.weight_kg), limits.weight_kg),
    )
