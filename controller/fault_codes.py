"""Faults and refusals by name: a stable number, how bad it is, who may clear it where, and what to do.

Names are those that the machine, its PLCs and the journal use, so that whoever meets one finds it here. A number,
once released, is never given to another fault; new ones go to the end of their hundred.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from controller.domain.clearance import Clearance


class Severity(StrEnum):
    """What it means for the tower."""

    SAFETY = "safety"
    """The safety chain has tripped: nothing moves."""
    FAULT = "fault"
    """The unit, a room or a job stands until somebody acts."""
    WARNING = "warning"
    """Something is kept back or passes by itself; everything else goes on."""


@dataclass(frozen=True, slots=True)
class FaultCode:
    """One fault; ``text`` says what is the matter, ``guidance`` what to do."""

    number: int
    name: str
    severity: Severity
    clearance: Clearance
    text: str
    guidance: str


_S, _F, _W = Severity.SAFETY, Severity.FAULT, Severity.WARNING
_SELF, _CUST, _OPER = Clearance.ITSELF, Clearance.CUSTOMER, Clearance.OPERATOR
_SITE, _TECH = Clearance.OPERATOR_ON_SITE, Clearance.TECHNICIAN

_FOUR_ACTS: Final = "Remove the cause, reset the safety device at the tower, then Clear, Reset and Start."
_PASSES: Final = "Nothing; the command is given again when the cause has passed."

_SAFETY: Final = (
    FaultCode(101, "SAFETY", _S, _SITE, "The safety chain is open.", _FOUR_ACTS),
    FaultCode(102, "E_STOP", _S, _SITE, "An emergency stop is pressed.", _FOUR_ACTS),
    FaultCode(103, "E_STOP_LATCHED", _S, _SITE, "An emergency stop was pressed and not reset.", _FOUR_ACTS),
    FaultCode(104, "LIGHT_CURTAIN", _S, _SITE, "A light curtain is interrupted.", _FOUR_ACTS),
    FaultCode(105, "PERSON_IN_SHAFT", _S, _SITE, "Somebody may be in the shaft.", f"Search the shaft. {_FOUR_ACTS}"),
    FaultCode(106, "OVERSPEED", _S, _TECH, "The lift was too fast.", "Have the hoist inspected before any reset."),
    FaultCode(107, "SLACK_ROPE", _S, _TECH, "A rope is slack.", "Have the hoist inspected before any reset."),
    FaultCode(108, "OVER_TRAVEL", _S, _TECH, "The lift ran past its end.", "Drive it back by hand; have it inspected."),
    FaultCode(109, "PHASE_LOSS", _S, _TECH, "A phase of the supply is missing.", f"Check the supply. {_FOUR_ACTS}"),
    FaultCode(110, "FIRE", _S, _SITE, "The fire alarm is on.", "Follow the fire plan; nothing moves meanwhile."),
    FaultCode(111, "GATE_RELEASE", _S, _SITE, "An escape or fire release was used.", f"Search the room. {_FOUR_ACTS}"),
    FaultCode(
        112,
        "PERSON_IN_OPEN_ROOM",
        _S,
        _SITE,
        "Somebody is in a room whose inner door is not locked.",
        f"Lead them out. {_FOUR_ACTS}",
    ),
    FaultCode(113, "STOPPED_SAFETY", _S, _SITE, "A motion was cut by the safety chain.", _FOUR_ACTS),
)

_CONTROL: Final = (
    FaultCode(201, "STATION_OFFLINE", _F, _TECH, "A station does not answer.", "Check its power and its cable."),
    FaultCode(202, "STATION_STALE", _F, _SELF, "A station answers but its program stands.", "Check the PLC's program."),
    FaultCode(203, "NOT_ONLINE", _F, _SELF, "A station is not online.", "Wait; if it stays, check power and cable."),
    FaultCode(
        204,
        "WRONG_STATION",
        _F,
        _TECH,
        "A station is not the one that the configuration names.",
        "Compare map version, tower and place table with the configuration; nothing is written to it meanwhile.",
    ),
    FaultCode(
        205,
        "FOREIGN_MASTER",
        _F,
        Clearance.ENGINEER,
        "Another controller has commanded this tower.",
        "Find it and stop it, look where the carriage stands, then adopt the tower.",
    ),
    FaultCode(
        206,
        "JOURNAL_FAILED",
        _F,
        _TECH,
        "What happened can no longer be kept durably.",
        "Check the disk; the controller takes no jobs until it has started on a sound one.",
    ),
    FaultCode(
        207,
        "JOURNAL_DAMAGED",
        _F,
        _TECH,
        "The journal is not what was written.",
        "Keep the file as it is, restore the last good backup and verify the inventory.",
    ),
    FaultCode(
        208,
        "JOURNAL_LOCKED",
        _F,
        _TECH,
        "Another process has the journal open.",
        "Stop the other controller, or wait for its backup to end.",
    ),
    FaultCode(209, "UNKNOWN", _F, _OPER, "The outcome of a command is not known.", "Look, then decide on the job."),
    FaultCode(210, "STOPPED_SILENCE", _W, _SELF, "The PLC heard nothing from us and stopped.", _PASSES),
    FaultCode(211, "STOPPED_RESTART", _W, _OPER, "A restart of the PLC cut a motion.", "Reset and Start the unit."),
    FaultCode(212, "STOPPED", _W, _SELF, "A motion was stopped on request.", "Nothing; it goes on with the job."),
    FaultCode(213, "VOID", _W, _SELF, "A command was given up before it ran.", "Nothing; it is planned again."),
    FaultCode(214, "UNIT_ABORTED", _F, _OPER, "The tower has stopped itself.", "Read why, then Clear, Reset, Start."),
    FaultCode(215, "LINE_LOST", _F, _TECH, "No station of a line answers.", "Check the line's adapter and plug."),
    FaultCode(216, "DISK_SPACE_LOW", _W, _TECH, "The disk of the journal is nearly full.", "Make room on it."),
    FaultCode(217, "BUS_ERRORS", _W, _TECH, "Many requests on a bus fail.", "Check plugs, shields and line ends."),
    FaultCode(218, "CLOCK_WRONG", _W, _TECH, "The computer's clock was wrong.", "Check its time service and battery."),
)

_STATION: Final = (
    FaultCode(301, "UNKNOWN_OPCODE", _F, _TECH, "The PLC does not know a command.", "Compare the map versions."),
    FaultCode(302, "ARGUMENT", _F, _TECH, "The PLC finds an argument out of range.", "Compare the configurations."),
    FaultCode(303, "EXPECTED_FROM", _W, _SELF, "A mechanism stood elsewhere than expected.", _PASSES),
    FaultCode(304, "TABLE", _F, _TECH, "Place tables of PLC and controller differ.", "Load the same table in both."),
    FaultCode(305, "BUSY", _W, _SELF, "The mechanism still does something else.", _PASSES),
    FaultCode(306, "SILENT", _W, _SELF, "The PLC does not hear the controller.", _PASSES),
    FaultCode(
        307,
        "MAINTENANCE",
        _F,
        _TECH,
        "The maintenance key is on.",
        "Whoever turned it takes it off; all positions are unverified afterwards.",
    ),
    FaultCode(
        308,
        "MEMORY_LOST",
        _F,
        _SITE,
        "A PLC has lost its retained memory.",
        "Look at the carriage, reset the PLC at the tower, then Reset the unit: it homes and checks occupancy.",
    ),
    FaultCode(309, "MODE", _F, _OPER, "The station's mode does not allow it.", "Change the mode in a stopped unit."),
    FaultCode(310, "DEAD_MAN", _W, _TECH, "The dead-man switch was let go.", "Press it again to go on."),
    FaultCode(311, "POWER", _F, _OPER, "The drives are off.", "Reset the unit."),
)

_INTERLOCKS: Final = (
    FaultCode(401, "NOT_HOMED", _W, _OPER, "An axis is not homed.", "Reset the unit: it homes."),
    FaultCode(402, "SHUTTLE_NOT_CENTRED", _F, _OPER, "The shuttle is not centred.", "Decide on the parked job."),
    FaultCode(403, "LOAD_NOT_SECURED", _F, _SITE, "The car on the carriage is not secured.", "Look at the clamps."),
    FaultCode(404, "INNER_DOOR_NOT_LOCKED", _W, _OPER, "An inner door is not locked.", "Stop and Reset: it is closed."),
    FaultCode(405, "LATCH_NOT_LOCKED", _F, _SITE, "A latch is not locked.", "Stop and Reset: it is locked."),
    FaultCode(406, "NOT_DOCKED", _F, _OPER, "The carriage is not docked at the place.", "Resume the parked job."),
    FaultCode(407, "NOT_HELD", _W, _SELF, "The carriage is not at standstill with its brakes on.", _PASSES),
    FaultCode(408, "WAY_NOT_OPEN", _F, _OPER, "A latch or inner door is not proven open.", "Resume the parked job."),
    FaultCode(409, "OUTER_GATE_NOT_LOCKED", _W, _OPER, "An outer gate is not locked.", "Let it be closed."),
    FaultCode(410, "PERSON_INSIDE", _W, _CUST, "Somebody is in the room.", "Ask them out of the room."),
    FaultCode(
        411,
        "PERSON_SENSOR",
        _F,
        _TECH,
        "A person sensor is not healthy.",
        "Look into the room; repair the sensor. Nobody can be excluded meanwhile.",
    ),
    FaultCode(412, "CAR_NOT_IN_MARKS", _W, _CUST, "The car stands outside its marks.", "Ask the driver to move it."),
    FaultCode(413, "SOURCE_NOT_OCCUPIED", _F, _SITE, "The place to pick from is not proven occupied.", "Look there."),
    FaultCode(414, "TARGET_NOT_EMPTY", _F, _SITE, "The place to fill is not proven empty.", "Look; divert the job."),
    FaultCode(415, "CARRIAGE_LOADED", _F, _SITE, "The carriage is not proven empty.", "Look at the carriage."),
    FaultCode(416, "CARRIAGE_EMPTY", _F, _SITE, "The carriage is not proven to carry a car.", "Look at the carriage."),
    FaultCode(417, "NOTHING_TO_RESUME", _F, _OPER, "The PLC retains no cut exchange.", "Close the job by hand."),
    FaultCode(418, "DOOR_PLANE", _W, _SITE, "Something is in the plane of an inner door.", "Look and clear it."),
    FaultCode(419, "CAR_HALF_WAY", _W, _CUST, "A car stands half-way in a gate.", "Ask the driver to move it."),
)

_MECHANISMS: Final = (
    FaultCode(501, "TIMEOUT", _F, _TECH, "A motion took too long.", "Look for what holds it, then resume the job."),
    FaultCode(502, "DRIVE", _F, _TECH, "A drive reports a fault.", "Read the drive, clear its fault, Reset the unit."),
    FaultCode(503, "POSITION", _F, _TECH, "An axis missed its place.", "Check contacts and tolerance, Reset to home."),
    FaultCode(504, "BRAKE", _F, _TECH, "A brake did not follow.", "Have the brake inspected before any motion."),
    FaultCode(505, "OBSTRUCTED", _F, _SITE, "Something is in the way.", "Look and clear it, then resume the job."),
    FaultCode(506, "CONTACT", _F, _TECH, "A limit, bolt or latch contact did not follow.", "Check the contact."),
    FaultCode(507, "LOAD", _F, _SITE, "The load's sensors contradict the exchange.", "Look where the car is."),
    FaultCode(508, "LOAD_NOT_PROVEN", _F, _SITE, "It is not proven where the car is.", "Look, then decide on the job."),
    FaultCode(509, "WAY_NOT_PROVEN", _F, _TECH, "Contacts of a latch or door disagree.", "Check the contacts."),
    FaultCode(510, "WRONG_EXCHANGE", _F, _SITE, "Another exchange was cut.", "Look, then close by hand."),
    FaultCode(511, "AXIS_FAULT", _F, _TECH, "An axis stands in error.", "Read the drive, put it right, then Reset."),
    FaultCode(512, "SERVICE_DUE", _W, _TECH, "The service of a component is due.", "Have it serviced, then record it."),
    FaultCode(513, "LIFT_SLOW", _W, _TECH, "The lift is slower than it was.", "Read its drive, look at its brake."),
    FaultCode(514, "TURNTABLE_SLOW", _W, _TECH, "The turntable is slower.", "Read its drive, look at its brake."),
)

_JOBS: Final = (
    FaultCode(601, "JOB_PARKED", _F, _OPER, "A job waits for a decision.", "Read its reason, then resolve it."),
    FaultCode(
        602,
        "PLACE_UNVERIFIED",
        _W,
        _SITE,
        "Belief and sensors of a place differ.",
        "Look which car stands there and import it; the place is locked meanwhile.",
    ),
    FaultCode(603, "AUDIT_FAILED", _F, _OPER, "The carriage could not look into a bay.", "Read why, then Unhold."),
    FaultCode(604, "DWELL_FAILED", _F, _OPER, "The carriage could not go where it waits.", "Read why, then Unhold."),
    FaultCode(605, "CARRIAGE_BARRED", _F, _SITE, "The carriage may not travel.", "Put right what the reason names."),
)

_ROOMS: Final = (
    FaultCode(701, "ROOM_BLOCKED", _F, _SITE, "A room is blocked.", "Look inside, then release it."),
    FaultCode(702, "CAR_TOO_LONG", _W, _CUST, "The car is too long for the tower.", "Ask the driver to leave."),
    FaultCode(703, "CAR_TOO_WIDE", _W, _CUST, "The car is too wide for the tower.", "Ask the driver to leave."),
    FaultCode(704, "CAR_TOO_HIGH", _W, _CUST, "The car is too high for the tower.", "Ask the driver to leave."),
    FaultCode(705, "CAR_TOO_HEAVY", _W, _CUST, "The car is too heavy for the tower.", "Ask the driver to leave."),
    FaultCode(706, "NO_SHOW", _W, _SELF, "Nobody came for the car, or with it.", "Nothing; the room is used again."),
    FaultCode(707, "CAR_NOT_PUT_BACK", _W, _OPER, "A booked car cannot be put back.", "Let somebody have it."),
    FaultCode(708, "CAR_LEFT_STANDING", _W, _CUST, "A car is left standing in a room.", "Call whose it is."),
)

FAULTS: Final = (*_SAFETY, *_CONTROL, *_STATION, *_INTERLOCKS, *_MECHANISMS, *_JOBS, *_ROOMS)

BY_NAME: Final[Mapping[str, FaultCode]] = MappingProxyType({fault.name: fault for fault in FAULTS})


def lookup(name: str) -> FaultCode | None:
    """Return the fault of a name, or None for a name that is no fault (a plain refusal explains itself)."""
    return BY_NAME.get(name)
