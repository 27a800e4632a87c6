"""From the configuration to the domain's own dataclasses: part of the composition root."""

from config import schema
from controller.domain.access import Access, Holders
from controller.domain.jobs import JobKind
from controller.domain.roles import BY_WORD, Role
from controller.domain.service import Kind
from controller.domain.service_plan import Interval, Intervals
from controller.domain.travel import (
    DEADLINE_MARGIN_S,
    Kinematics,
    LeafKinematics,
    LiftKinematics,
    ShuttleKinematics,
    TurntableKinematics,
)


def kinematics_of(tower: schema.Tower) -> Kinematics:
    """Return the numbers of a tower's machine as the domain reckons with them."""
    machine = tower.machine
    return Kinematics(
        lift=_lift(machine.lift),
        turntable=_turntable(machine.turntable),
        shuttle=_shuttle(machine.shuttle),
        door=_leaf(machine.door),
        gate=_leaf(machine.gate),
        latch_travel_s=machine.latch.travel_s,
    )


def _lift(lift: schema.Lift) -> LiftKinematics:
    return LiftKinematics(
        speed_mm_s=lift.speed_mm_s,
        acceleration_mm_s2=lift.acceleration_mm_s2,
        home_speed_mm_s=lift.home_speed_mm_s,
        levelling_s=lift.levelling_s,
        brake_s=lift.brake_s,
    )


def _turntable(table: schema.Turntable) -> TurntableKinematics:
    return TurntableKinematics(
        speed_mdeg_s=table.speed_mdeg_s,
        acceleration_mdeg_s2=table.acceleration_mdeg_s2,
        home_speed_mdeg_s=table.home_speed_mdeg_s,
        brake_s=table.brake_s,
    )


def _shuttle(shuttle: schema.Shuttle) -> ShuttleKinematics:
    return ShuttleKinematics(
        stroke_mm=shuttle.stroke_mm,
        speed_mm_s=shuttle.speed_mm_s,
        acceleration_mm_s2=shuttle.acceleration_mm_s2,
        comb_stroke_mm=shuttle.comb_stroke_mm,
        comb_speed_mm_s=shuttle.comb_speed_mm_s,
        comb_acceleration_mm_s2=shuttle.comb_acceleration_mm_s2,
        home_speed_mm_s=shuttle.home_speed_mm_s,
    )


def _leaf(leaf: schema.Door) -> LeafKinematics:
    return LeafKinematics(
        stroke_mm=leaf.stroke_mm,
        speed_mm_s=leaf.speed_mm_s,
        acceleration_mm_s2=leaf.acceleration_mm_s2,
        bolt_s=leaf.bolt_s,
    )


def intervals_of(tower: schema.Tower) -> Intervals:
    """Return after how much each class of components is due for service."""
    service = tower.machine.service
    return {
        Kind.LIFT: _interval(service.lift, service.lift.distance_m),
        Kind.TURNTABLE: _interval(service.turntable, service.turntable.distance_deg),
        Kind.SHUTTLE: _interval(service.shuttle, service.shuttle.distance_m),
        Kind.DRIVES: Interval(cycles=service.drives.cycles, days=service.drives.days),
        Kind.DOOR: _interval(service.door),
        Kind.GATE: _interval(service.gate),
        Kind.LATCH: _interval(service.latch),
    }


def _interval(interval: schema.Interval, way: int | None = None) -> Interval:
    return Interval(interval.cycles, interval.hours, way, interval.days)


def stop_limit_s(tower: schema.Tower) -> float:
    """Return how long a controlled stop may take to a proven standstill: the slowest ramp, its brake, and margin."""
    lift, turntable, shuttle = tower.machine.lift, tower.machine.turntable, tower.machine.shuttle
    ramps = (
        lift.speed_mm_s / lift.stop_mm_s2 + lift.brake_s,
        turntable.speed_mdeg_s / turntable.stop_mdeg_s2 + turntable.brake_s,
        shuttle.speed_mm_s / shuttle.acceleration_mm_s2,
        shuttle.comb_speed_mm_s / shuttle.comb_acceleration_mm_s2,
    )
    return max(ramps) + DEADLINE_MARGIN_S


def standby_of(tower: schema.Tower) -> tuple[frozenset[JobKind], int]:
    """Return the kinds of jobs that a tower begins on its generator, and how many axes it moves at a time then."""
    return frozenset(JobKind(kind.upper()) for kind in tower.generator.jobs), tower.generator.simultaneous_axes


def access_of(tower: schema.Tower) -> Access:
    """Return who holds which role at the socket."""
    access = tower.access
    named = {
        Role.VIEWER: access.viewer,
        Role.OPERATOR: access.operator,
        Role.TECHNICIAN: access.technician,
        Role.ENGINEER: access.engineer,
    }
    return Access({role: Holders(each.users, each.groups) for role, each in named.items()}, BY_WORD[access.others])
