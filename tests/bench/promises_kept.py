"""How promises to waiting jobs are kept: the share that its late time covers, and how far the middle one is off.

    python -m tests.bench.promises_kept [--tower guangzhou] [--hours 6] [--seeds 3] [--pause 40 110]

Each seed is a tower at work without faults, whose people dwell as they like; by default its carriage is rarely idle.
A promise is the one that was told first; it is counted when its job is done. Nothing was learned before the first hour,
which is therefore counted by itself. Wanted of the later hours: 88 to 92 % by their late time.
"""

import argparse
from collections.abc import Sequence
from unittest.mock import patch

from config.load import load_tower
from controller import logs
from controller.domain.dispatch.eta import Kept
from sim_plc.rehearsal import run as rehearsal
from sim_plc.rehearsal.run import Options, rehearse
from sim_plc.rehearsal.world import EPOCH_S, World

PAUSE_S = (40.0, 110.0)
"""Between two orders."""

LEARNING_S = 3600.0


class _Kept(World):
    """A world that remembers how promises were kept in the first hour, and in all."""

    worlds: list["_Kept"] = []  # noqa: RUF012 - emptied for each seed

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.worlds.append(self)
        self.learning = self.kept = Kept()

    def note(self, *args: object, **kwargs: object) -> None:
        """Look at the promises whenever something is told."""
        super().note(*args, **kwargs)  # type: ignore[arg-type]
        if self.daemon is None:
            return
        self.kept = self.daemon.control.jobs.foresight.promises.forecast.kept
        if self.now <= LEARNING_S:
            self.learning = self.kept


def show(tower: str, hours: float, seeds: Sequence[int], pause_s: tuple[float, float]) -> None:
    """Print a line a seed, and one for all."""
    later = within = 0
    for seed in seeds:
        _Kept.worlds.clear()
        with patch.object(rehearsal, "World", _Kept):
            report = rehearse(load_tower(tower), seed, hours * 60, Options(faults=False, pause_s=pause_s))
        assert report.good, str(report)
        [world] = _Kept.worlds
        every, first = world.kept, world.learning
        after = Kept(every.promises - first.promises, every.within_p90 - first.within_p90)
        later, within = later + after.promises, within + after.within_p90
        print(
            f"{tower}, seed {seed}, {report.virtual_s / 3600:.1f} h, {report.jobs['DONE']} jobs kept in the book: first"
            f" hour {first.coverage:.1%} of {first.promises}; later {after.coverage:.1%} of {after.promises};"
            f" the middle estimate {every.mean_error_s:.1f} s off on the mean",
            flush=True,
        )
    if later:
        print(f"late time kept after the first hour: {within / later:.1%} of {later} (wanted 88 to 92 %)")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", default="guangzhou")
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pause", type=float, nargs=2, default=PAUSE_S, metavar=("LEAST", "MOST"), help="seconds")
    args = parser.parse_args()
    logs.set_up(now=lambda: EPOCH_S, level="critical")
    least_s, most_s = args.pause
    show(args.tower, args.hours, range(1, args.seeds + 1), (least_s, most_s))


if __name__ == "__main__":
    main()
