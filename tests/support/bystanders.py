"""People, cars and the weather around a tower that is attacked: what no PLC and no master decides."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from tests.support.attacked_tower import AttackedTower
from tests.support.safety_facts import TOWER

HABITS: Final = Habits(notice_s=0.5, step_s=1.0, drive_s=4.0, leave_s=3.0, dwell_s=3.0)

Act = Callable[[], None]


class Bystanders:
    """Does one thing now and then; what it began it ends some time later."""

    def __init__(self, it: AttackedTower, rng: random.Random) -> None:
        self.did: Counter[str] = Counter()
        self._it, self._rng = it, rng
        self._undo: list[tuple[float, str, Act]] = []
        self._cars = 0
        self._left_s = -100.0
        """When somebody last set out for the street: one at a time, so that nobody leaves twice."""
        room = it.tower.shape.rooms[0]
        plant = it.plant
        self._acts: Sequence[tuple[str, int, Act]] = (
            ("somebody walks in", 8, lambda: self._walk_in(room)),
            ("somebody walks out", 8, lambda: self._walk_out(room)),
            ("somebody stands in the gate", 6, lambda: plant.somebody_in_gate(room, rng.uniform(0.3, 5.0))),
            ("a car comes", 10, lambda: self._car_comes(room)),
            ("a car is fetched", 6, lambda: plant.customer_collects(room, HABITS)),
            ("E-stop", 2, lambda: self._for_a_while("E-stop", plant.press_e_stop, plant.release_e_stop)),
            ("key", 1, self._key),
            ("somebody in the shaft", 1, self._in_shaft),
            ("escape", 1, lambda: self._escape(room)),
            ("person sensor fails", 3, lambda: self._sick_sensor(room)),
            ("the gate jams", 1, lambda: plant.jam("gate", room)),
            ("a PLC restarts", 1, self._restart),
        )
        self._weights = [weight for _, weight, _ in self._acts]

    def act(self) -> None:
        """End what is due; clean up behind a trip; now and then begin something."""
        for each in [each for each in self._undo if each[0] <= self._it.t]:
            self._undo.remove(each)
            each[2]()
        steel = self._it.plant._steel
        if steel.chain.latched and not steel.chain.live and self._rng.random() < 0.8:
            self._it.plant.device_reset()
        if self._rng.random() < 0.12:
            name, _, act = self._rng.choices(self._acts, self._weights)[0]
            self.did[name] += 1
            act()

    def _for_a_while(self, name: str, begin: Act, end: Act) -> None:
        if all(known != name for _, known, _ in self._undo):
            begin()
            self._undo.append((self._it.t + self._rng.uniform(0.1, 4.0), name, end))

    def _walk_in(self, room: int) -> None:
        steel = self._it.plant._steel.rooms[room]
        if steel.gate.opened and steel.persons < 2:
            self._it.plant.person_enters(room, HABITS)

    def _walk_out(self, room: int) -> None:
        steel = self._it.plant._steel.rooms[room]
        alone = steel.persons > 0 and not steel.engaged and self._it.t > self._left_s + 2 * HABITS.step_s
        if steel.gate.opened and alone:
            self._left_s = self._it.t
            self._it.plant.person_leaves(room, HABITS)

    def _car_comes(self, room: int) -> None:
        if not self._it.plant._steel.yard.outside:
            self._cars += 1
            beside = self._rng.choice((0, 0, 0, -150, 100))
            habits = Habits(0.5, 1.0, 4.0, 3.0, 3.0, overshoot_mm=beside, heeds=False)
            self._it.plant.car_arrives(room, Car(f"N{self._cars}"), habits)

    def _key(self) -> None:
        plant = self._it.plant

        def back() -> None:
            if not plant._steel.arms.moving and not plant._steel.comb.moving and not plant._steel.arms_centred:
                plant.crank_shuttle()
            plant.set_maintenance_key(on=False)

        self._for_a_while("key", lambda: plant.set_maintenance_key(on=True), back)

    def _in_shaft(self) -> None:
        plant = self._it.plant
        self._for_a_while("shaft", lambda: plant.person_in_shaft(on=True), lambda: plant.person_in_shaft(on=False))

    def _escape(self, room: int) -> None:
        plant = self._it.plant
        self._for_a_while("escape", lambda: plant.use_escape(room), lambda: plant.restore_escape(room))

    def _sick_sensor(self, room: int) -> None:
        overrides = self._it.plant.overrides
        wire = ("room", room, "person_sensor_ok")

        def well() -> None:
            overrides.pop(wire, None)

        self._for_a_while("sensor", lambda: overrides.update({wire: False}), well)

    def _restart(self) -> None:
        station = self._rng.choice((TOWER, *self._it.programs))
        self._it.restart(station, warm=self._rng.random() < 0.8)


