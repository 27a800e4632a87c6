import pytest

from config.load import load_tower
from hal.plcmap.codes import Signal
from sim_plc.customers import Customers
from sim_plc.plant.cars import Car
from sim_plc.plant.people import Habits
from sim_plc.plant.plant import Plant

HABITS = Habits(notice_s=0.2, step_s=0.2, drive_s=1.0, leave_s=1.0, dwell_s=1.0)
SMALL = load_tower("small", profile="brisk")


class Street:
    """A room with a car and customers who come by themselves, stepped by hand."""

    def __init__(self, signal: Signal, *, auto: bool = True) -> None:
        self.plant = Plant(SMALL, seed=1, cars={101: Car("A")})
        self.customers = Customers(self.plant, HABITS)
        self.customers.switch(on=auto)
        self.t = 0.0
        room = self.plant.tower_image.rooms[101]
        room.door_out.bolt = True
        room.gate_out.open = True
        room.signal = signal
        self.plant.act(0.0)

    def run(self, seconds: float) -> None:
        end_s = self.t + seconds
        while self.t < end_s:
            self.t = round(self.t + 0.05, 9)
            self.plant.sense(self.t)
            self.customers.look()


@pytest.mark.parametrize("signal", [Signal.TAKE_CAR, Signal.REFUSED])
def test_whoever_is_meant_fetches_the_car(signal: Signal) -> None:
    street = Street(signal)
    street.run(8)
    assert street.plant.truth().cars == {}
    assert street.plant.truth().outside == ("A",)
    assert street.plant.crimes == []


@pytest.mark.parametrize("signal", [Signal.DARK, Signal.WAIT, Signal.STOP_AND_LEAVE, Signal.DRIVE_IN])
def test_nobody_comes_for_a_car_that_is_not_presented(signal: Signal) -> None:
    street = Street(signal)
    street.run(8)
    assert street.plant.truth().cars == {101: "A"}


def test_nobody_comes_by_themselves_unless_told() -> None:
    street = Street(Signal.TAKE_CAR, auto=False)
    street.run(8)
    assert street.plant.truth().cars == {101: "A"}
    street.customers.switch(on=True)
    street.run(8)
    assert street.plant.truth().cars == {}


def test_a_car_that_comes_back_is_fetched_again() -> None:
    street = Street(Signal.TAKE_CAR)
    street.run(8)
    street.plant.tower_image.rooms[101].signal = Signal.DRIVE_IN
    street.plant.act(street.t)
    street.plant.car_arrives(101, Car("A"), HABITS)
    street.run(5)
    assert street.plant.truth().cars == {101: "A"}
    street.plant.tower_image.rooms[101].signal = Signal.TAKE_CAR
    street.plant.act(street.t)
    street.run(8)
    assert street.plant.truth().cars == {}
