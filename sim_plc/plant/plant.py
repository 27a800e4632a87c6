"""The steel of one tower: what the actuators do to it and what the sensors see of it.

The state is a function of elapsed time ``t`` (float seconds, never falling): `Plant.sense` advances to an
instant through every event on the way and fills the inputs, `Plant.act` takes the outputs at one. Between two
calls of `act` nothing but physics and people change anything, so `Plant.next_event` is exact.

How the actuators want to be driven
    Drives (lift, turntable, arms, comb). ``power`` first or together with the rest. A request is taken once its
    ``serial`` differs from the last one taken, the power is on and the brake is off: it waits while the brake
    still releases, so power, ``brake_release`` and request may come in one scan. ``done_serial`` becomes its
    serial at the end, at standstill; a request cut by another one, by the brake or by loss of power is never
    done and never resumes. A new request in mid-move is continuous: it decelerates first where it must.
    STOP and NONE are taken at any time, NONE ramps down with the drive's own stop rate. ``moving`` is true from
    the first to the last instant of motion. ``acceleration`` 0 means the drive's own stop rate.
    LEVEL takes exactly ``duration_s`` and creeps over at most `CREEP_MM`. HOME ends at position 0 of the axis.
    The turntable takes the shorter way to ``target`` mod 360000; its encoder shows 0..359999.
    Brakes (lift, turntable): releasing and setting take ``brake_s`` each; ``brake_on`` follows at the end of
    either. Keep power on until ``brake_on`` shows. A brake dropped, or power lost, in mid-move stops the axis
    with its stop rate. Arms and comb hold themselves: ``brake_release`` is ignored, ``brake_on`` is standstill.
    After a lift MOVE the carriage stands up to 8 mm off (ropes); LEVEL takes that out, but for 1 mm. A car that is
    taken from it or put on it lets it rise or sink by up to 6 mm, by weight and length of the ropes.

    Shuttle. PICK: comb down, arms MOVE to ``stroke_mm``, comb MOVE to ``comb_stroke_mm``, arms MOVE to 0, clamp.
    PLACE: unclamp, arms out with the comb up, comb MOVE to 0, arms to 0. The load changes hands when the comb
    passes the middle of its stroke with the arms fully extended. Loaded, the comb stays up. ``secured`` is the
    clamp output while loaded. Place sensors feel a car that rests on the place, load sensors one that rests on
    the comb: both change in the same instant.

    Doors and gates. OPEN: ``open`` on and ``bolt`` off together; the leaf waits until the bolt is drawn. CLOSE:
    ``close`` and ``bolt`` on together; the bolt goes home once the leaf is closed, and stays only while ``bolt``
    is energised. Motor bits may stay on at the end of the stroke. ``obstructed`` stays until ``close`` drops;
    the leaf then stands where it is. Both motor bits, or none: it ramps down and stands.

    Latches. ``unlatch[place]`` held on, docked and held: open after ``travel_s``; anything missing: home in the
    same time. A latch that falls while the arms reach through rests on them.

    Chain. Every cause latches; `Plant.device_reset` clears the latches whose cause is gone. While the chain is
    open, or the maintenance key is on, lift, turntable, arms and comb have no power whatever the program says.
    Doors, gates and latches are not cut by it. The key opens no chain. A power cut is PHASE LOSS: nothing is
    driven, brakes set, latches fall, bolts and leaves stay.

    Contacts of doors, bolts and latches and the light barriers that look for cars chatter for some milliseconds when
    they switch; every toggle is an event. Program inputs accordingly.

    Dock contacts are made by position alone, also in passing: within the tolerances of ``tower.ring``.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from config.schema import Tower
from sim_plc.image import BayInputs, BayLevelImage, RoomImage, TowerImage
from sim_plc.plant import people
from sim_plc.plant.axis import CREEP_MM
from sim_plc.plant.cars import Car
from sim_plc.plant.contacts import Wire
from sim_plc.plant.crimes import Crime, CrimeCode
from sim_plc.plant.lies import Lie
from sim_plc.plant.people import Habits
from sim_plc.plant.safety import Cause
from sim_plc.plant.steel import Steel
from sim_plc.plant.terminals import Terminals
from sim_plc.plant.troubles import Troubles
from sim_plc.plant.truth import RoomTruth, Teller, Truth

__all__ = ["CREEP_MM", "Car", "Cause", "Crime", "CrimeCode", "Habits", "Plant", "Truth"]


class Plant:
    """One tower. Starts docked at level 1, position 1, brakes on, doors bolted, latches home, chain closed.

    Human acts and world events take effect at the instant of the last `sense` or `act`; the inputs show them at
    the next `sense`.
    """

    def __init__(self, tower: Tower, *, seed: int, cars: Mapping[int, Car] | None = None) -> None:
        """Build a tower with ``cars`` by place; ``seed`` decides how far the ropes stretch.

        Raises:
            ValueError: a car at no place of the tower, or one car at two.

        """
        shape, cars = tower.shape, cars or {}
        if not cars.keys() <= shape.poses.keys() or len({car.id for car in cars.values()}) < len(cars):
            raise ValueError("cars need places of the tower, each car one")
        self.tower_image = TowerImage({place: RoomImage() for place in shape.rooms})
        self.bay_images = {
            level: BayLevelImage(
                {place: BayInputs() for place in shape.bays_of(level)}, dict.fromkeys(shape.bays_of(level), False)
            )
            for level in shape.bay_levels
        }
        self.overrides: dict[Wire, bool | int] = {}
        """Inputs that lie, by name, with the value they are stuck at."""
        self._steel = Steel(tower, seed, cars)
        self._comb_stroke_mm = tower.machine.shuttle.comb_stroke_mm
        self._comb_up_mm = tower.machine.shuttle.comb_stroke_mm
        self._now_s = 0.0
        self._dirty = True
        self._teller = Teller(self._steel)
        self._terminals = Terminals(self._steel, self.tower_image, self.bay_images)
        self.troubles = Troubles(self._steel, self._happen)
        """What breaks, slips, sticks and is forced."""
        self.sense(0.0)

    @property
    def crimes(self) -> list[Crime]:
        """Every crime so far, in order."""
        return self._steel.ledger.crimes

    def sense(self, t: float) -> None:
        """Advance to ``t`` through every event on the way and fill the inputs of all images.

        Raises:
            ValueError: ``t`` lies before the last instant.

        """
        self._advance(t)
        if self._terminals.override(self.overrides) or self._dirty:
            self._terminals.fill(t)
            self._dirty = False
        elif self._terminals.next_s <= t:
            self._terminals.fill(t)
        elif self._steel.contacts.next_s <= t:
            self._terminals.fill_chatter(t)
        elif self._steel.next_s < math.inf:
            self._terminals.fill_motion(t)

    def act(self, t: float) -> None:
        """Take the outputs of all images at ``t``.

        Raises:
            ValueError: ``t`` lies before the last instant.

        """
        self._advance(t)
        if self._terminals.take_outputs():
            self._happen()

    def next_event(self) -> float | None:
        """Return the earliest instant at which an input may change; None: nothing changes until somebody acts.

        The instant of the last `sense` itself, when something happened after it or other inputs lie now. Positions
        and velocities of moving axes change continuously and are no events.
        """
        if self._dirty or self._terminals.would_override(self.overrides):
            return self._now_s
        next_s = min(self._steel.next_s, self._steel.contacts.next_s, self._terminals.next_s)
        return next_s if next_s < math.inf else None

    def truth(self) -> Truth:
        """Return what is really so at the last instant."""
        return self._teller.now(self._now_s)

    def room(self, place: int) -> RoomTruth:
        """Return what is really so in one room at the last instant."""
        return self._teller.room(place)

    def is_inside(self, car: str) -> bool:
        """Whether a car is in the tower: at a place, aboard, or on its way through a gate."""
        return car in self._inside()

    def is_outside(self, car: str) -> bool:
        """Whether a car waits outside the tower."""
        return car in self._steel.yard.outside

    def press_e_stop(self) -> None:
        """Push an E-stop button in."""
        self._set_hazard(Cause.E_STOP, on=True)

    def release_e_stop(self) -> None:
        """Pull it out again; the latch stays."""
        self._set_hazard(Cause.E_STOP, on=False)

    def device_reset(self) -> None:
        """Turn the reset key at the tower: latches whose cause is gone are cleared."""
        self._steel.chain.reset()
        self._happen()

    def set_maintenance_key(self, on: bool) -> None:
        """Turn the key that gives the drives to the local pendant."""
        self._steel.maintenance_key = on
        self._happen()

    def set_fire(self, on: bool) -> None:
        """Fire alarm."""
        self._set_hazard(Cause.FIRE, on=on)

    def set_slack_rope(self, on: bool) -> None:
        """Slacken a rope."""
        self._set_hazard(Cause.SLACK_ROPE, on=on)

    def person_in_shaft(self, on: bool) -> None:
        """Let somebody into the hoistway, or out."""
        self._set_hazard(Cause.PERSON_IN_SHAFT, on=on)

    def use_escape(self, room: int) -> None:
        """Pull the release inside a room: bolt drawn, gate pushed open by hand, chain open."""
        self._steel.rooms[room].gate.escape = True
        self._happen()

    def restore_escape(self, room: int) -> None:
        """Put the release back; the gate is its motor's again."""
        self._steel.rooms[room].gate.escape = False
        self._happen()

    def power_cut(self) -> None:
        """Lose the mains: nothing is driven, brakes set, latches fall, leaves and bolts stay."""
        self._steel.mains = False
        self._happen()

    def power_on(self) -> None:
        """Get the mains back; the chain stays open until a device reset."""
        self._steel.mains = True
        self._happen()

    def wind_lift(self, height_mm: float) -> None:
        """Wind the standing carriage by hand to a height: a technician's way out of an over-travel.

        Raises:
            ValueError: it moves.

        """
        if self._steel.lift.moving:
            raise ValueError("the lift moves")
        self._steel.lift.place(height_mm)
        self._happen()

    def shake_contact(self, wire: Wire, for_s: float) -> None:
        """Let the contact of a wire chatter for a while: loose, or at the edge of what it should feel."""
        self._steel.contacts.shake(self._now_s, wire, for_s)
        self._happen()

    def shows(self, wire: Wire) -> bool | int:
        """Return what an input tells since the last `sense`.

        Raises:
            KeyError: no such input.

        """
        return self._terminals.shows(wire)

    def let_lie(self, wire: Wire, lie: Lie | None) -> None:
        """Let an input be late or a copy of another from now on; None: let it tell the truth again.

        Raises:
            KeyError: no such input.

        """
        self._terminals.let_lie(wire, lie)
        self._happen()

    def miscount(self, room: int) -> None:
        """Let the gate of a room count a car out that never moved."""
        self._steel.rooms[room].count_crossing("out")
        self._happen()

    def jam(self, which: Literal["door", "gate"], room: int, times: int = 1) -> None:
        """Let an inner door or outer gate get stuck on its way for the next so many times that it is driven."""
        place = self._steel.rooms[room]
        (place.door if which == "door" else place.gate).jams = times

    def weaken_ropes(self, share: float) -> None:
        """Let the ropes be as stiff as ``share`` of them from now on: strands have broken."""
        self._steel.ropes = replace(self._steel.ropes, stiffness=share)
        self._happen()

    def take_up(self, height_mm: float, angle_mdeg: float, aboard: Car | None) -> None:
        """Stand the carriage where it stood, with what it carried, before anything has moved: a tower found again."""
        steel = self._steel
        steel.lift.place(height_mm)
        steel.turntable.place(angle_mdeg)
        if aboard is not None:
            steel.yard.aboard = aboard
            steel.comb.place(self._comb_up_mm)
            steel.weigh()
        self._happen()

    def crank_shuttle(self) -> None:
        """Crank the standing comb to an end and the arms inside: a technician's way out of a forgotten exchange.

        A car stays with whatever carries it.

        Raises:
            ValueError: they move.

        """
        steel = self._steel
        if steel.arms.moving or steel.comb.moving:
            raise ValueError("the shuttle moves")
        raised = steel.yard.aboard is not None
        steel.comb.place(float(self._comb_stroke_mm) if raised else 0.0)
        steel.arms.place(0.0)
        self._happen()

    def unload_by_hand(self, bay: int) -> None:
        """Bring the car on the carriage into an empty bay, as a technician does with the pendant; the arms end inside.

        Raises:
            ValueError: there is no car, the bay is taken, or the shuttle moves.

        """
        steel, yard = self._steel, self._steel.yard
        if yard.aboard is None or bay in yard.at or steel.arms.moving or steel.comb.moving:
            raise ValueError(f"no car can be brought to {bay} by hand")
        steel.unload(bay)
        self.crank_shuttle()

    def lift_out(self, place: int) -> None:
        """Let a car vanish from where no car can get out: what a rig must see that judges a run by its cars.

        Raises:
            KeyError: nothing stands there.

        """
        del self._steel.yard.at[place]
        self._happen()

    def car_arrives(self, room: int, car: Car, habits: Habits | None = None) -> None:
        """Let a car come to a room: it drives in when invited, the driver gets out and leaves.

        Raises:
            ValueError: that car is in the tower already.

        """
        yard = self._steel.yard
        if car.id in self._inside():
            raise ValueError(f"car {car.id} is in the tower")
        yard.outside[car.id] = car
        self._join(room, people.car_arrives(self._steel.rooms[room], car, habits or Habits()))

    def driver_gives_up(self, car: str) -> None:
        """Let the driver of a car that waits outside wait no longer; the car stays outside.

        Raises:
            KeyError: that car is not outside.

        """
        outside = self._steel.yard.outside
        # Whoever waits with a car waits with this very one.
        outside[car] = replace(outside[car])
        self._happen()

    def customer_collects(self, room: int, habits: Habits | None = None, car: str | None = None) -> None:
        """Let a customer fetch a car (None: any) from a room: walk in, dwell, drive out."""
        self._join(room, people.customer_collects(self._steel.rooms[room], habits or Habits(), car))

    def car_leaves(self, room: int, habits: Habits | None = None) -> None:
        """Let the driver of a refused car come back for it."""
        self._join(room, people.car_leaves(self._steel.rooms[room], habits or Habits()))

    def person_enters(self, room: int, habits: Habits | None = None) -> None:
        """Let somebody walk in as soon as the gate is open."""
        self._join(room, people.person_enters(self._steel.rooms[room], habits or Habits()))

    def person_leaves(self, room: int, habits: Habits | None = None) -> None:
        """Let somebody inside walk out as soon as the gate is open."""
        self._join(room, people.person_leaves(self._steel.rooms[room], habits or Habits()))

    def somebody_in_gate(self, room: int, for_s: float) -> None:
        """Let somebody stand in the plane of a gate for a while, also while it closes; a closed one keeps them out."""
        self._join(room, people.stands_in_gate(self._steel.rooms[room], for_s))

    def _inside(self) -> set[str]:
        steel = self._steel
        cars = {car.id for car in steel.yard.at.values()}
        cars |= {room.transit.car.id for room in steel.rooms.values() if room.transit}
        return cars | {steel.yard.aboard.id} if steel.yard.aboard else cars

    def _join(self, room: int, script: people.Script) -> None:
        self._steel.crowds[room].join(script)
        self._happen()

    def _set_hazard(self, cause: Cause, *, on: bool) -> None:
        if on:
            self._steel.hazards.add(cause)
        else:
            self._steel.hazards.discard(cause)
        self._happen()

    def _happen(self) -> None:
        self._steel.settle(self._now_s)
        self._dirty = True

    def _advance(self, t: float) -> None:
        if t < self._now_s:
            raise ValueError(f"time went back from {self._now_s} to {t}")
        self._now_s = t
        if self._steel.next_s <= t:
            self._steel.advance(t)
            self._dirty = True
