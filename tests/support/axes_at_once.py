"""How many axes move at the same time, by the plant's own truth: looked at whenever anything begins or ends."""

from math import isfinite

from sim_plc.plant.steel import Steel
from sim_plc.rehearsal.world import World


class AxesAtOnce:
    """Watches a world's steel. ``most``: the most since `forget`."""

    def __init__(self, world: World) -> None:
        self.most = 0
        self.names: list[str] = []
        steel: Steel = world.plant._steel
        settle = steel.settle

        def watched(t: float) -> None:
            settle(t)
            names = moving(steel)
            if len(names) > self.most:
                self.most, self.names = len(names), names

        steel.settle = watched  # type: ignore[method-assign]

    def forget(self) -> None:
        """Count anew."""
        self.most, self.names = 0, []


def moving(steel: Steel) -> list[str]:
    """Return what moves now."""
    axes = {"lift": steel.lift, "turntable": steel.turntable, "arms": steel.arms, "comb": steel.comb}
    names = [name for name, axis in axes.items() if axis.moving]
    for place, room in steel.rooms.items():
        names += [f"{name} {place}" for name, leaf in (("door", room.door), ("gate", room.gate)) if leaf.moving]
    return names + [f"latch {bay}" for bay, latch in steel.latches.items() if isfinite(latch.next_s)]
