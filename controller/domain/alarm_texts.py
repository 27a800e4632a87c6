"""What an alarm says to people, by its key: English. Another language is another table with the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class AlarmText:
    """What is the matter, why it may be, what it leads to if nobody answers, and what to do."""

    title: str
    cause: str
    consequence: str
    guidance: str


_FOUR_ACTS: Final = "When the cause is gone: device reset at the tower, then Clear, Reset and Start."
_STANDS: Final = "Nothing moves; customers wait, cars and people stay where they are."
_HOIST: Final = "Let nobody reset anything before the hoist was inspected; bring urgent cars down by the sheet."

_CHAIN: Final = {
    "SAFETY": AlarmText(
        "The safety chain is open",
        "A device of the chain, or a wire of it, is open, and the PLC names no cause.",
        _STANDS,
        f"Look at the safety relay at the tower: it shows which channel is open. {_FOUR_ACTS}",
    ),
    "E_STOP": AlarmText(
        "An emergency stop",
        "Somebody has pressed a button, or it was released and the device not reset.",
        _STANDS,
        f"Ask whoever pressed it why, and see that nobody is in danger. Then release the button. {_FOUR_ACTS}",
    ),
    "LIGHT_CURTAIN": AlarmText(
        "A light curtain was interrupted during a motion",
        "Somebody or something reached into a gate; or the curtain is dirty or out of line.",
        _STANDS,
        f"Look at the gates by camera, then there. Clean the curtain if nothing was in it. {_FOUR_ACTS}",
    ),
    "PERSON_IN_SHAFT": AlarmText(
        "Somebody may be in the shaft",
        "The shaft's sensor or the shaft door's contact has answered.",
        "A person may be hurt or locked in; nothing moves.",
        f"Send somebody at once, speak to whoever is inside, search the shaft from bottom to top. {_FOUR_ACTS}",
    ),
    "OVERSPEED": AlarmText(
        "The lift was too fast",
        "A brake, a drive or its encoder has failed.",
        f"{_STANDS} Another run may damage the hoist.",
        _HOIST,
    ),
    "SLACK_ROPE": AlarmText(
        "A rope is slack",
        "The carriage hangs or stands on something, or a rope has stretched or come off.",
        f"{_STANDS} Another run may drop the carriage.",
        f"Let nobody stand below the carriage. {_HOIST}",
    ),
    "OVER_TRAVEL": AlarmText(
        "The lift ran past its end",
        "An end contact, the encoder or a brake has failed.",
        _STANDS,
        f"Have the carriage driven back by hand from the panel. {_HOIST}",
    ),
    "PHASE_LOSS": AlarmText(
        "A phase of the supply is missing",
        "A fuse, the mains, or the phase relay.",
        _STANDS,
        f"Check the mains and the fuses in the cabinet. {_FOUR_ACTS}",
    ),
    "FIRE": AlarmText(
        "The fire alarm is on",
        "The building's fire alarm system has answered.",
        "People near the tower may be in danger; nothing moves, gates may be opened by their releases.",
        f"Follow the fire plan: see that nobody is in a room, call the fire brigade. {_FOUR_ACTS}",
    ),
    "GATE_RELEASE": AlarmText(
        "The release of a gate was used",
        "Somebody was locked into a room and let themselves out, or somebody pulled it outside.",
        f"Somebody may still be inside. {_STANDS}",
        f"Speak to the room, then search it; put the release back. {_FOUR_ACTS}",
    ),
    "PERSON_IN_OPEN_ROOM": AlarmText(
        "Somebody is in a room whose inner door is not locked",
        "A customer or a driver went in while the carriage worked at the room.",
        f"The person can reach the hoistway. {_STANDS}",
        f"Speak to the person, lead them out by the gate, look that nobody is left. {_FOUR_ACTS}",
    ),
}

_CONTROL: Final = {
    "STATION_OFFLINE": AlarmText(
        "A station cannot be relied on",
        "Its supply, its cable or its program; or it is another station than the configuration names.",
        "Nothing that it sees or drives can be used; the tower aborts what it does.",
        "Look at the station's lamps, its plug and its line; `cartower doctor` tells what comes back. "
        "Then Clear, Reset and Start.",
    ),
    "FOREIGN_MASTER": AlarmText(
        "Another controller has commanded this tower",
        "A second daemon, or a tool that somebody has left connected.",
        "Nothing is written any more: two masters could crash the carriage.",
        "Find the other one and stop it for good, look where the carriage stands, then `cartower adopt`.",
    ),
    "JOURNAL_FAILED": AlarmText(
        "What happens can no longer be kept",
        "The disk is full, read-only or broken.",
        "No new job begins; a power cut now would lose where cars stand.",
        "Make room on the disk or replace it; `cartower doctor` looks at it. A service then starts by itself.",
    ),
    "UNIT_ABORTED": AlarmText(
        "The tower has stopped itself and waits",
        "A trip, a lost station or an unknown outcome; what caused it is over, or the reason names it.",
        "No car comes down and none is taken in until somebody acts.",
        "Read the reason, see that nothing stands in the way, then Clear, Reset and Start.",
    ),
    "LINE_LOST": AlarmText(
        "No station of a line answers",
        "The line's adapter, its plug, its supply, or a short circuit of the pair.",
        "No bay of these levels can be used; the tower aborts what it does.",
        "Look at the adapter and at the first plug of the line; `cartower bus stats` shows what comes back. "
        "Then Clear, Reset and Start.",
    ),
    "DISK_SPACE_LOW": AlarmText(
        "The disk of the journal is nearly full",
        "Old backups, captures or logs lie on it, or it is too small; one that went read-only has no room at all.",
        "Once it is full nothing can be kept: the controller brings the tower to rest and ends.",
        "Move old backups and captures away; `cartower doctor` tells how much is free.",
    ),
    "BUS_ERRORS": AlarmText(
        "Many requests on a bus fail",
        "A plug, a shield or a terminating resistor; two stations of one address; a drive that disturbs the line.",
        "Jobs take longer; if it grows worse, stations are lost and the tower aborts.",
        "`cartower bus stats` tells which stations; look at their plugs, shields and the ends of the line.",
    ),
    "CLOCK_WRONG": AlarmText(
        "The computer's clock was wrong",
        "Its battery is flat; somebody or a time service has set it; or the computer slept.",
        "Times in the journal before and after do not fit together; no motion depends on them.",
        "`cartower doctor` tells whether the clock is right now; let a time service keep it, replace the battery.",
    ),
}

_BELOW: Final = {
    "MAINTENANCE": AlarmText(
        "The maintenance key is on",
        "A technician works with the pendant, or has left the key.",
        "The controller writes no command; all positions are unverified afterwards.",
        "Ask who has the key. Whoever turned it takes it off; then Clear, Reset and Start.",
    ),
    "MEMORY_LOST": AlarmText(
        "A PLC has lost its memory",
        "Its battery is flat, it was exchanged, or its program was loaded anew.",
        "It refuses all work: what it did last is not known.",
        "Look at the carriage, reset the PLC at the tower, then Clear, Reset and Start: it homes and checks occupancy.",
    ),
    "PERSON_INSIDE": AlarmText(
        "Somebody stays in a room",
        "A customer takes long, needs help, or does not know the way out.",
        "The room serves nobody else; nothing in it moves.",
        "Look by camera and speak to the room; the sign asks them out. If nobody answers, send somebody.",
    ),
    "PERSON_SENSOR": AlarmText(
        "A person sensor is not healthy",
        "It is dirty, covered or broken, or its wire is.",
        "Nobody can be excluded: the room's inner door stays shut and no car goes through it.",
        "Have the sensor cleaned or replaced; `cartower sensor out room1.person` takes room 1 out of use until then.",
    ),
    "AXIS_FAULT": AlarmText(
        "An axis stands in error",
        "Its drive, brake or encoder has a fault, or it was stopped by one.",
        "The carriage cannot move; jobs are parked.",
        "Read the drive's display and put the fault right. Then Stop, or Clear where the unit is aborted, and Reset: "
        "the axis references anew.",
    ),
    "LIFT_SLOW": AlarmText(
        "The lift is slower than it was built for",
        "Its drive limits itself: a hot motor, a low supply, a brake that drags; or somebody has set it so.",
        "Everything takes longer, and whoever waits is told so; below a quarter of its speed its moves are stopped.",
        "Read the drive for what limits it; look at ropes, brake and rails before it stands still. "
        "If it is to stay so, say it: "
        "`cartower axis speed lift PERCENT --why TEXT`.",
    ),
    "TURNTABLE_SLOW": AlarmText(
        "The turntable is slower than it was built for",
        "Its drive limits itself: a hot motor, a low supply, a brake that drags; or somebody has set it so.",
        "Everything takes longer, and whoever waits is told so; below a quarter of its speed its moves are stopped.",
        "Read the drive for what limits it; look at brake, bearing and rollers before it stands still. "
        "If it is to stay so, say it: `cartower axis speed turntable PERCENT --why TEXT`.",
    ),
    "SERVICE_DUE": AlarmText(
        "A service is due",
        "Components have reached the cycles, hours, way or days that the maker gives between two services.",
        "Everything goes on; what is worn may fail, and then cars wait.",
        "`cartower service` names them: have them serviced, then `cartower service done COMPONENT --note TEXT`.",
    ),
    "JOB_PARKED": AlarmText(
        "A job waits for a decision",
        "A step ended in a way that no rule mends; the job's reason tells.",
        "The car of this job is not moved, and the unit is held.",
        "`cartower jobs` shows reason and choices: look at the place, then `cartower resolve`.",
    ),
    "PLACE_UNVERIFIED": AlarmText(
        "Bays are locked because nobody knows what is in them",
        "Belief and sensors differ, or nobody has stated what stands there.",
        "A car in such a bay is not brought down, and nothing is put there.",
        "Look at the bays, then say what is there: `cartower inventory audit` leads from bay to bay.",
    ),
    "AUDIT_FAILED": AlarmText(
        "The carriage could not look into a bay",
        "Nobody needed the tower, and on its way to a bay the carriage met a fault or an interlock.",
        "The tower is held: no car comes down and none is taken in until somebody acts.",
        "Read the reason and put it right, then Unhold. That bay is visited again when all others have been.",
    ),
    "DWELL_FAILED": AlarmText(
        "The carriage could not go to where it waits",
        "Nobody needed the tower, and on its way to where it is likely wanted next the empty carriage met a fault.",
        "The tower is held: no car comes down and none is taken in until somebody acts.",
        "Read the reason and put it right, then Unhold. `dwell.goes` in the tower's file lets it stay where it is.",
    ),
    "CARRIAGE_BARRED": AlarmText(
        "The carriage may not travel",
        "No job is under way, and an interlock keeps the carriage where it stands; the reason tells which one.",
        "Nothing moves: cars that were asked for wait, and so does whoever brings one.",
        "Look there at what the reason names: a latch, an inner door or the arms, or the sensor that tells of it. "
        "Once it is right, what waits goes on by itself.",
    ),
    "ROOM_BLOCKED": AlarmText(
        "A room is blocked",
        "Its door, gate or sensors did something that is not plausible; the reason tells.",
        "Nobody is let in or out by itself, and no job uses the room.",
        "Look inside by camera and then there, clear what stands in the way; then Stop, Reset and Start.",
    ),
    "CAR_LEFT_STANDING": AlarmText(
        "A car is left standing in a room",
        "Its customer has not come, or its driver has left it where it may not be taken in.",
        "It stands behind an open gate, and its room serves nobody else.",
        "Call whoever it belongs to. Or drive it out, and take it in again.",
    ),
    "CAR_NOT_PUT_BACK": AlarmText(
        "A booked car that nobody came for cannot be put back",
        "Its appointment has ended. No bay is free, or its way back was given up; the reason tells.",
        "It stands behind the shut gate, and its room serves nobody else.",
        "Whoever wants it has it: `cartower retrieve` opens the gate. Where no bay was free it goes back once one is; "
        "else put right what the reason names, and `cartower cancel` its appointment again.",
    ),
}

ENGLISH: Final[Mapping[str, AlarmText]] = MappingProxyType({**_CHAIN, **_CONTROL, **_BELOW})
