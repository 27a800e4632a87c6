"""The safety word from the wires of the chain, and which cause came first."""

from typing import Final

from hal.plcmap.codes import Safety
from sim_plc.image import SafetyInputs

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


def safety_word(inputs: SafetyInputs) -> Safety:
    """Return the safety word."""
    word = Safety(0)
    for bit, on in (
        (Safety.CHAIN_CLOSED, inputs.chain_closed),
        (Safety.E_STOP, inputs.e_stop),
        (Safety.E_STOP_LATCHED, inputs.e_stop_latched),
        (Safety.LIGHT_CURTAIN, inputs.light_curtain),
        (Safety.PERSON_IN_SHAFT, inputs.person_in_shaft),
        (Safety.OVERSPEED, inputs.overspeed),
        (Safety.SLACK_ROPE, inputs.slack_rope),
        (Safety.OVER_TRAVEL, inputs.over_travel),
        (Safety.PHASE_LOSS, inputs.phase_loss),
        (Safety.FIRE, inputs.fire),
        (Safety.GATE_RELEASE, inputs.gate_release),
        (Safety.PERSON_IN_OPEN_ROOM, inputs.person_in_open_room),
    ):
        if on:
            word |= bit
    return word


def first_out(inputs: SafetyInputs) -> Safety:
    """Return the cause that the chain opened with, 0 if no wire names one."""
    word = safety_word(inputs)
    return next((cause for cause in CAUSES if cause in word), Safety(0))
