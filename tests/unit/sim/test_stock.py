from config.load import load_tower
from config.scenario import load_scenario
from sim_plc.plant.cars import Car
from sim_plc.roster import Roster
from sim_plc.stock import habits_of, random_stock, scenario_stock, stock_csv

GUANGZHOU = load_tower("guangzhou")


def test_chance_fills_four_bays_of_five_and_a_seed_decides_which() -> None:
    first, again, other = (random_stock(GUANGZHOU, seed, Roster()) for seed in (1, 1, 2))
    assert len(first) == round(0.8 * 42)
    assert first == again != other
    assert first.keys() <= set(GUANGZHOU.shape.bays)
    assert len({car.id for car in first.values()}) == len(first)


def test_every_car_of_chance_may_be_taken_in() -> None:
    limits = GUANGZHOU.limits
    for car in random_stock(GUANGZHOU, 3, Roster()).values():
        assert car.length_mm <= limits.length_mm
        assert car.width_mm <= limits.width_mm
        assert car.height_mm <= limits.height_mm
        assert car.weight_kg <= limits.weight_kg


def test_a_scenarios_cars_have_the_sizes_of_their_models_also_those_still_to_come() -> None:
    day = load_scenario("first-day", GUANGZHOU)
    roster = Roster()
    cars = scenario_stock(day, roster)
    assert {place: car.id for place, car in cars.items()} == {car.place: car.id for car in day.car}
    for name in ("C001", "C041"):
        car, model = roster.find(name), day.model_of(name)
        assert car is not None
        assert (car.length_mm, car.weight_kg) == (model.length_mm, model.weight_kg)


def test_people_who_are_quick_are_quick_in_all() -> None:
    habits = habits_of(load_scenario("first-day", GUANGZHOU).habits)
    assert (habits.drive_s, habits.leave_s, habits.dwell_s) == (1.5, 1.5, 1.5)
    assert habits.notice_s + habits.step_s <= 1.0


def test_stock_is_an_inventory_file() -> None:
    roster = Roster()
    roster.enrol(Car("B"), "brisa")
    roster.enrol(Car("A"))
    assert stock_csv({203: "B", 102: "A"}, roster) == "car,place,model\nA,102,\nB,203,brisa\n"


def test_a_car_that_comes_again_keeps_its_make() -> None:
    roster = Roster()
    roster.enrol(Car("A"), "aster")
    roster.enrol(Car("A", length_mm=5000))
    assert roster.model("A") == "aster"
    assert roster.find("A") == Car("A", length_mm=5000)
    assert roster.find("B") is None
    assert Roster.from_plain(roster.to_plain()).to_plain() == roster.to_plain()
