"""The safety word from the wires of the chain, and which cause came first."""

from typing import Final

from hal.plcmap.codes import Safety
from sim_plc.image import SafetyInputs
from sim_plc.program.words import word

CAUSES: Final = (
    Safety.E_STOP,
    Safety.PERSON_IN_SHAFT,
    Safety.PERSON_IN_OPEN_ROOM,
    Safety.LIGHT_CURTAIN,
    Safety.OVERSPEED,
    Safety.OVER_TRAVEL,
    Safety.SLACK_ROPE,
    Safety.PHASE_LOSS,
    Safety.FIRE,
    Safety.GATE_RELEASE,
    Safety.E_STOP_LATCHED,
)
"""Of causes that show in the same scan the earlier one here counts as first; a latch without its cause last."""


_WORD: Final = word(
    Safety.CHAIN_CLOSED,
    Safety.E_STOP,
    Safety.E_STOP_LATCHED,
    Safety.LIGHT_CURTAIN,
    Safety.PERSON_IN_SHAFT,
    Safety.OVERSPEED,
    Safety.SLACK_ROPE,
    Safety.OVER_TRAVEL,
    Safety.PHASE_LOSS,
    Safety.FIRE,
    Safety.GATE_RELEASE,
    Safety.PERSON_IN_OPEN_ROOM,
)


def safety_word(inputs: SafetyInputs) -> Safety:
    """Return the safety word."""
    wires = (
        inputs.chain_closed,
        inputs.e_stop,
        inputs.e_stop_latched,
        inputs.light_curtain,
        inputs.person_in_shaft,
        inputs.overspeed,
        inputs.slack_rope,
        inputs.over_travel,
        inputs.phase_loss,
        inputs.fire,
        inputs.gate_release,
        inputs.person_in_open_room,
    )
    return _WORD(wires)


def first_out(inputs: SafetyInputs) -> Safety:
    """Return the cause that the chain opened with, 0 if no wire names one."""
    word = safety_word(inputs)
    return next((cause for cause in CAUSES if cause in word), Safety(0))
