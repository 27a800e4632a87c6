"""Customers who come by themselves: whoever's car is presented in a room fetches it."""

from hal.plcmap.codes import Signal
from sim_plc.plant.people import Habits
from sim_plc.plant.plant import Plant


class Customers:
    """With ``auto`` on, a customer comes for every car that stands presented behind an open gate.

    A car that was refused is fetched by its driver. Each car is fetched once a visit.
    """

    def __init__(self, plant: Plant, habits: Habits | None = None) -> None:
        self.auto = False
        self.habits = habits or Habits()
        self._plant = plant
        self._coming: dict[int, str] = {}
        """By room: the car that somebody is on the way to."""

    def switch(self, *, on: bool) -> None:
        """Let customers come by themselves, or not; those on the way come all the same."""
        self.auto = on
        self.look()

    def look(self) -> None:
        """Send somebody for each car that has just been presented."""
        if not self.auto:
            return
        truth = self._plant.truth()
        for room, gate in truth.gates.items():
            car = truth.cars.get(room)
            if car is None or self._coming.get(room) != car:
                self._coming.pop(room, None)
            if car is None or not gate.opened or room in self._coming:
                continue
            match truth.signals[room]:
                case Signal.TAKE_CAR:
                    self._plant.customer_collects(room, self.habits, car)
                case Signal.REFUSED:
                    self._plant.car_leaves(room, self.habits)
                case _:
                    continue
            self._coming[room] = car
