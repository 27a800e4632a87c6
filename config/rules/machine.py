"""Whether the numbers of a machine, and of who talks to it, fit each other."""

from collections.abc import Iterator
from typing import Final

from config.faults import Fault, dotted
from config.rules.rule import Rule, Side, clash
from config.schema import Tower
from config.sources import Sources


def lift_stops(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that a stop of the lift is no gentler than work."""
    lift = tower.machine.lift
    yield from _stop(sources, "lift", "mm_s2", lift.stop_mm_s2, lift.acceleration_mm_s2)


def turntable_stops(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand the same of the turntable."""
    table = tower.machine.turntable
    yield from _stop(sources, "turntable", "mdeg_s2", table.stop_mdeg_s2, table.acceleration_mdeg_s2)


def _stop(sources: Sources, axis: str, unit: str, stop: int, working: int) -> Iterator[Fault]:
    stopping, ramp = (("machine", axis, f"{what}_{unit}") for what in ("stop", "acceleration"))
    if stop < working:
        yield clash(
            sources,
            Side(stopping, stop, "a stop ramps down no gentler than work does", f"at least {working}"),
            Side(ramp, working, f"work ramps no faster than a stop of {dotted(stopping)} = {stop}", f"at most {stop}"),
        )


def polls_in_order(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that work is polled at least as often as rest."""
    quick, idle = tower.timing.poll_s, tower.timing.idle_poll_s
    if quick > idle:
        yield clash(
            sources,
            Side(
                ("timing", "poll_s"),
                quick,
                "polls slower at work than idle",
                f"at most timing.idle_poll_s = {idle:g}",
            ),
            Side(
                ("timing", "idle_poll_s"),
                idle,
                "polls faster idle than at work",
                f"at least timing.poll_s = {quick:g}",
            ),
        )


def silence_outlasts_polls(tower: Tower, sources: Sources) -> Iterator[Fault]:
    """Demand that one late poll stops nothing."""
    idle, silence = tower.timing.idle_poll_s, tower.machine.plc.silence_s
    if silence <= 2 * idle:
        message = "would already stop the machine"
        yield clash(
            sources,
            Side(
                ("machine", "plc", "silence_s"),
                silence,
                f"two polls of timing.idle_poll_s = {idle:g} {message}",
                f"more than {2 * idle:g}",
            ),
            Side(
                ("timing", "idle_poll_s"),
                idle,
                f"two such polls {message}, after machine.plc.silence_s = {silence:g}",
                f"less than {silence / 2:g}",
            ),
        )


RULES: Final = (
    Rule("stop-ramp", ("machine.lift.stop_mm_s2", "machine.lift.acceleration_mm_s2"), lift_stops),
    Rule("stop-ramp", ("machine.turntable.stop_mdeg_s2", "machine.turntable.acceleration_mdeg_s2"), turntable_stops),
    Rule("poll-order", ("timing.poll_s", "timing.idle_poll_s"), polls_in_order),
    Rule("silence", ("timing.idle_poll_s", "machine.plc.silence_s"), silence_outlasts_polls),
)
