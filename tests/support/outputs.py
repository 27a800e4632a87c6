"""What the PLCs energise, read from the process images: the wires themselves, not what a program says of them."""

from collections.abc import Iterator

from sim_plc.plant.plant import Plant

AXES = ("lift", "turntable", "arms", "comb")

BRAKED = ("lift", "turntable")
"""Axes that stand by a brake; the others hold by their drive."""


def energised(plant: Plant) -> set[str]:
    """Return the names of all outputs that are on: drives, brakes, leaves, bolts, latches, clamp, signs."""
    return set(_energised(plant))


def driving(plant: Plant) -> set[str]:
    """Return the names of the outputs that let steel move: brakes let go and motors of leaves."""
    return {name for name in _energised(plant) if name.endswith((" brake let go", " opens", " closes"))}


def requests(plant: Plant) -> dict[str, int]:
    """Return the serial of the newest request to each drive: a drive that is asked anew shows a higher one."""
    return {axis: getattr(plant.tower_image, f"{axis}_out").request.serial for axis in AXES}


def _energised(plant: Plant) -> Iterator[str]:
    image = plant.tower_image
    for axis in AXES:
        outputs = getattr(image, f"{axis}_out")
        if outputs.power:
            yield f"{axis} power"
        if outputs.brake_release and axis in BRAKED:
            yield f"{axis} brake let go"
    for place, room in image.rooms.items():
        for name, leaf in (("door", room.door_out), ("gate", room.gate_out)):
            yield from (f"{name} {place} {what}" for what, on in _leaf(leaf.open, leaf.close, leaf.bolt) if on)
        if room.signal:
            yield f"sign {place} shows {room.signal}"
    if image.clamp:
        yield "clamp"
    for level in plant.bay_images.values():
        yield from (f"latch {place}" for place, on in level.unlatch.items() if on)


def _leaf(opens: bool, closes: bool, bolt: bool) -> Iterator[tuple[str, bool]]:
    yield from (("opens", opens), ("closes", closes), ("bolt", bolt))
