"""The truth as it is told again and again: what is kept of it is never old."""

from sim_plc.plant.people import Habits
from sim_plc.plant.plant import Car
from sim_plc.plant.truth import Teller
from tests.support.program_day import day
from tests.support.program_rig import Rig


def watched() -> tuple[Rig, list[bool]]:
    """Return a rig whose truth is compared at each scan with one that was never told before."""
    rig = Rig(cars={203: Car("A7")}, profile="brisk")
    moved: list[bool] = []

    def look() -> None:
        told = rig.plant.truth()
        assert told == Teller(rig.plant._steel).now(told.t)
        moved.append(any(leaf.velocity_mm_s for leaf in (*told.doors.values(), *told.gates.values())))

    rig.stepper.on_scan = look
    return rig, moved


def test_the_truth_of_a_day_is_never_old() -> None:
    rig, _ = watched()
    day(rig)


def test_doors_and_gates_that_move_by_motor_and_by_hand_are_told_as_they_are() -> None:
    rig, moved = watched()
    rig.up()
    rig.dock(101)
    rig.open_way(101)
    rig.plant.somebody_in_gate(101, 2.0)
    rig.close_way(101)
    rig.plant.jam("gate", 101)
    rig.plant.person_enters(101, Habits(step_s=1.0))
    rig.plant.use_escape(101)
    rig.run(20.0)
    rig.plant.restore_escape(101)
    rig.run(20.0)
    assert any(moved)
    assert not all(moved)
