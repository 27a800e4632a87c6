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
    After a lift MOVE the carriage stands up to 8 mm off (ropes); LEVEL takes that out.

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

    Dock contacts are made by position alone, also in passing: within the tolerances of ``tower.ring``.
"""
