"""The least that a car's way between bays and the nearest of some rooms takes: what the bounds of dispatch add up.

Units: seconds; places by number. That a sum of these is a bound rests on the triangle inequality of `Cycles.go_s`: a
detour, an idle move among them, saves nothing.
"""

from collections.abc import Collection

from controller.domain.dispatch.cycles import Cycles


class Legs:
    """Legs at one tower with the rooms in service. Each is the best over those rooms."""

    def __init__(self, cycles: Cycles, rooms: Collection[int] | None = None) -> None:
        """Take the tower's times and the rooms in service; without these, all rooms of the tower.

        Raises:
            ValueError: no room, or a place that is none.

        """
        self.rooms = frozenset(cycles.rooms if rooms is None else rooms)
        if not self.rooms or not self.rooms <= cycles.rooms:
            raise ValueError(f"rooms in service {sorted(self.rooms)}, of {sorted(cycles.rooms)}")
        self.cycles = cycles
        self.room_visit_s = cycles.visit_s(min(self.rooms))
        """A visit at a room; it is the same at each."""
        self._nearest: dict[int, float] = {}

    def nearest_s(self, place: int) -> float:
        """Return the way between a place and the room nearest to it; it is the same in both directions.

        Raises:
            KeyError: a place that the tower has not.

        """
        known = self._nearest.get(place)
        if known is None:
            known = self._nearest[place] = min(self.cycles.go_s(room, place) for room in self.rooms)
        return known

    def fetch_s(self, bay: int, room: int | None = None) -> float:
        """Return what a retrieval takes from the carriage docked at its bay until the way to the room is closed.

        ``room`` is where the car must go; None: to any.
        """
        way_s = self.nearest_s(bay) if room is None else self.cycles.go_s(bay, room)
        return self.cycles.visit_s(bay) + way_s + self.room_visit_s

    def put_s(self, bay: int) -> float:
        """Return what a store takes from the carriage docked at its room until the way to the bay is closed."""
        return self.room_visit_s + self.nearest_s(bay) + self.cycles.visit_s(bay)

    def single_s(self, bay: int) -> float:
        """Return the single command cycle of a retrieval that begins and ends at a room."""
        return self.nearest_s(bay) + self.fetch_s(bay)
