"""The machine of a tower: kinematics of its axes, doors and latches, which a profile fills key by key.

Lengths in mm, angles in mdeg (thousandths of a degree), speeds in mm/s or mdeg/s, ramps in mm/s2 or mdeg/s2.
"""

from typing import Annotated

from pydantic import Field

from config.table import Mm, Rate, Seconds, Table


class Lift(Table):
    """Height axis of the carriage."""

    speed_mm_s: Rate
    """Full speed between two places."""
    acceleration_mm_s2: Rate
    """Ramp up to full speed and down from it."""
    stop_mm_s2: Rate
    """Deceleration of a safety or silence stop."""
    home_speed_mm_s: Rate
    """Speed of referencing; jogging is slower, so that it ends within 300 ms."""
    levelling_s: Annotated[float, Field(ge=0, le=60)]
    """Creeping into a place's tolerance at the end of every travel."""
    brake_s: Annotated[float, Field(ge=0, le=5)]
    """Time to release or to set the brake, each."""


class Turntable(Table):
    """Rotation axis of the carriage; endless, it takes the shorter way."""

    speed_mdeg_s: Rate
    """Full speed between two places."""
    acceleration_mdeg_s2: Rate
    """Ramp up to full speed and down from it."""
    stop_mdeg_s2: Rate
    """Deceleration of a safety or silence stop."""
    home_speed_mdeg_s: Rate
    """Speed of referencing; jogging is slower, so that it ends within 300 ms."""
    brake_s: Annotated[float, Field(ge=0, le=5)]
    """Time to release or to set the brake, each."""


class Shuttle(Table):
    """Comb exchange: arms extend, the comb raises or lowers, arms retract."""

    stroke_mm: Mm
    """Way of the arms from centred to under the car."""
    speed_mm_s: Rate
    """Full speed of the arms."""
    acceleration_mm_s2: Rate
    """Ramp of the arms, of a stop too."""
    comb_stroke_mm: Mm
    """Way of the comb through the other comb: the car changes hands."""
    comb_speed_mm_s: Rate
    """Full speed of the comb."""
    comb_acceleration_mm_s2: Rate
    """Ramp of the comb, of a stop too."""
    home_speed_mm_s: Rate
    """Speed of the arms in referencing; jogging is slower, so that it ends within 300 ms."""


class Door(Table):
    """Inner doors and outer gates: a leaf that travels, then a bolt."""

    stroke_mm: Mm
    """Way of the leaf."""
    speed_mm_s: Rate
    """Full speed of the leaf."""
    acceleration_mm_s2: Rate
    """Ramp of the leaf."""
    bolt_s: Annotated[float, Field(ge=0, le=10)]
    """Time of the bolt: drawn before the leaf opens, home after it has closed."""


class Latch(Table):
    """Latch of a bay."""

    travel_s: Seconds
    """Time to draw the latch, and for it to fall home."""


class Plc(Table):
    """What the daemon must know of the PLCs' programs."""

    scan_s: Annotated[float, Field(gt=0, le=0.2)] = 0.01
    """Time of one scan."""
    silence_s: Annotated[float, Field(gt=0, le=10)] = 1.5
    """After this without the daemon's heartbeat a station stops its machine."""


Cycles = Annotated[int, Field(ge=1, le=100_000_000)]


class ContactorInterval(Table):
    """When what only switches is due for service: after cycles or days, whichever comes first; left out: no limit."""

    cycles: Cycles | None = None
    """Cycles since the last service; of a door an opening and a closing are two."""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days since the last service, or since the first motion where there was none."""


class Interval(ContactorInterval):
    """When components of a class are due for service: whichever comes first; left out: no limit."""

    hours: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Hours in motion since the last service."""


class LinearInterval(Interval):
    """The same of an axis with a way in metres."""

    distance_m: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """Way since the last service, in m."""


class RotaryInterval(Interval):
    """The same of an axis that turns."""

    distance_deg: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = None
    """Way since the last service, in degrees."""


class Service(Table):
    """Service intervals: after how much a component is shown as due. Nothing stops by itself."""

    lift: LinearInterval = LinearInterval()
    """Hoist: ropes, brake, drive."""
    turntable: RotaryInterval = RotaryInterval()
    """Slewing ring, brake, drive."""
    shuttle: LinearInterval = LinearInterval()
    """Arms and comb; the way is that of the arms."""
    drives: ContactorInterval = ContactorInterval()
    """Contactor of the tower's drives: a cycle is a reset that switches them on."""
    door: Interval = Interval()
    """Each inner door."""
    gate: Interval = Interval()
    """Each outer gate."""
    latch: Interval = Interval()
    """Each bay's latch."""


class Machine(Table):
    """Kinematics: what a profile fills and a tower's file may override key by key."""

    lift: Lift
    turntable: Turntable
    shuttle: Shuttle
    door: Door
    """Between the hoistway and a transfer room."""
    gate: Door
    """Between a transfer room and the street."""
    latch: Latch
    plc: Plc = Plc()
    service: Service = Service()
