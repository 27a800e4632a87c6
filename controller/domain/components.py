"""Which components a tower has that wear. Pure."""

from collections.abc import Iterable

from controller.domain.service import Kind


def components(rooms: int, bays: Iterable[int]) -> tuple[str, ...]:
    """Return the names of a tower's components, as `controller.domain.service.component_of` gives them."""
    single = (Kind.LIFT.value, Kind.TURNTABLE.value, Kind.SHUTTLE.value, Kind.DRIVES.value)
    leaves = (f"room{n}.{leaf}" for n in range(1, rooms + 1) for leaf in ("inner_door", "outer_gate"))
    return *single, *leaves, *(f"bay{bay}.latch" for bay in bays)
