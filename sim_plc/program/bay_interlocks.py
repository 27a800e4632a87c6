"""The interlock table of a bay controller, as the contract has it, on the controller's own inputs alone."""

from dataclasses import dataclass
from typing import Final

from hal.plcmap.codes import MechanismKind as Kind
from hal.plcmap.codes import Opcode, Reason
from sim_plc.image import BayLevelImage
from sim_plc.program.interlocks import Condition, InterlockSet
from sim_plc.program.mechanism import MechanismProgram
from sim_plc.program.station import StationState


@dataclass(frozen=True, slots=True)
class BayScene:
    """Everything that a condition of a bay controller may ask."""

    image: BayLevelImage
    station: StationState
    latches: MechanismProgram


POWER: Final = Condition[BayScene]("latch_power", Reason.POWER, lambda s, _: s.station.powered, at_start_only=True)
DOCKED: Final = Condition[BayScene]("docked", Reason.NOT_DOCKED, lambda s, place: s.image.bays[place].docked)
HELD: Final = Condition[BayScene]("held", Reason.NOT_HELD, lambda s, _: s.image.carriage_held)
CENTRED: Final = Condition[BayScene](
    "shuttle_centred", Reason.SHUTTLE_NOT_CENTRED, lambda s, _: s.image.shuttle_centred, at_start_only=True
)
NOTHING_RUNS: Final = Condition[BayScene](
    "nothing_runs", Reason.BUSY, lambda s, _: s.latches.running is None, at_start_only=True
)

BAY_INTERLOCKS: Final = InterlockSet[BayScene](
    {
        (Kind.STATION, Opcode.MODE): (NOTHING_RUNS,),
        (Kind.LATCHES, Opcode.UNLATCH): (POWER, DOCKED, HELD),
        (Kind.LATCHES, Opcode.LATCH): (CENTRED,),
    }
)
"""LATCH needs no power: it takes energy away. A spring cannot be stopped, so it is judged at the start alone."""
