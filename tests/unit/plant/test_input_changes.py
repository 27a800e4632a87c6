"""The count of changed inputs: no change goes uncounted, or a program sleeps through it; little else is counted."""

from sim_plc.image import (
    BayLevelImage,
    CarriageInputs,
    DoorInputs,
    RoomInputs,
    SafetyInputs,
    TowerImage,
    steady,
    telling,
)
from sim_plc.plant.lies import Late
from sim_plc.plant.plant import Car
from tests.support.program_day import day
from tests.support.program_rig import Rig

_SAFETY, _CARRIAGE = telling(SafetyInputs), telling(CarriageInputs)
_DOOR, _ROOM = telling(DoorInputs), telling(RoomInputs)


def tower_tells(image: TowerImage) -> object:
    """Return every input of the tower PLC; of an axis that moves without its encoder."""
    axes = tuple(map(steady, (image.lift_in, image.turntable_in, image.arms_in, image.comb_in)))
    rooms = [(_DOOR(room.door_in), _DOOR(room.gate_in), _ROOM(room.sensors)) for room in image.rooms.values()]
    return axes, rooms, _SAFETY(image.safety), _CARRIAGE(image.carriage)


def level_tells(image: BayLevelImage) -> object:
    """Return every input of a bay controller."""
    return str(image.bays), image.carriage_held, image.shuttle_centred


class Watched(Rig):
    """A rig that compares the inputs before and after each `sense` with their count of changes."""

    def __init__(self) -> None:
        super().__init__(cars={203: Car("A7")}, profile="brisk")
        self.changed, self.counted = 0, 0
        sense = self.plant.sense

        def watched(t: float) -> None:
            before, counts = self._told(), self._counts()
            sense(t)
            for was, is_so, count, now in zip(before, self._told(), counts, self._counts(), strict=True):
                assert was == is_so or count != now, f"uncounted at {t}: {was} became {is_so}"
                self.changed += was != is_so
                self.counted += count != now

        self.plant.sense = watched  # type: ignore[method-assign]

    def _told(self) -> list[object]:
        return [tower_tells(self.plant.tower_image), *map(level_tells, self.plant.bay_images.values())]

    def _counts(self) -> list[int]:
        return [self.plant.tower_image.changes, *(image.changes for image in self.plant.bay_images.values())]


def test_every_change_of_an_input_is_counted_and_little_else() -> None:
    rig = Watched()
    day(rig)
    assert rig.changed > 80
    assert rig.counted < 1.3 * rig.changed


def test_inputs_that_lie_stick_or_chatter_are_counted_too() -> None:
    rig = Watched()
    rig.up()
    rig.plant.let_lie(("door", 101, "closed_a"), Late(0.4))
    rig.plant.overrides[("room", 101, "person")] = True
    rig.plant.shake_contact(("gate", 101, "bolted_a"), 1.0)
    rig.dock(101)
    rig.open_way(101)
    rig.plant.overrides.clear()
    rig.plant.let_lie(("door", 101, "closed_a"), None)
    rig.close_way(101)
    assert rig.changed > 30
