"""Why a command is refused by its frame or for want of power, before and after the interlocks are asked."""

from typing import Final

from hal.plcmap.codes import OPCODES, MechanismKind, Opcode, Reason, State
from hal.plcmap.frame import Content
from sim_plc.program.mechanism import MechanismProgram

NEEDS_NO_POWER: Final = frozenset(
    {
        (MechanismKind.STATION, Opcode.RESET),
        (MechanismKind.STATION, Opcode.CLEAR_FAULT),
        (MechanismKind.STATION, Opcode.MODE),
        (MechanismKind.SIGNAL, Opcode.SHOW),
        (MechanismKind.LATCHES, Opcode.LATCH),
    }
)
"""What is done without a RESET. A sign still tells people the way out; LATCH only takes energy away.

Doors and gates are not among them: whoever is inside has the escape release, which works without any PLC.
"""


def refused_by_frame(program: MechanismProgram, content: Content) -> Reason:
    """Return why the frame itself is refused, or `Reason.NONE`."""
    if content.opcode not in OPCODES[program.kind]:
        return Reason.UNKNOWN_OPCODE
    reason = program.machine.argument_reason(content)
    if reason is not Reason.NONE:
        return reason
    fits = content.expected_from in (State.ANY, program.machine.show().state)
    return Reason.NONE if fits else Reason.EXPECTED_FROM


def refused_by_power(program: MechanismProgram, content: Content, *, powered: bool) -> Reason:
    """Refuse what has no energy to move with, whatever the interlocks allow."""
    if not powered and (program.kind, content.opcode) not in NEEDS_NO_POWER:
        return Reason.POWER
    no_axis = program.machine.show().state in (State.DISABLED, State.ERROR_STOP)
    return Reason.POWER if no_axis else Reason.NONE


def place_of(program: MechanismProgram, content: Content) -> int:
    """Return the place that a command is about: that of its arguments, else that of its room."""
    return program.machine.place_of(content) or program.mechanism.place
