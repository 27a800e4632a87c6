"""What a station shows of itself and of each mechanism, as values that the codec writes."""

from collections.abc import Sequence
from typing import Final

from hal.plcmap import codes
from hal.plcmap.codec import History, Identity, Status
from hal.plcmap.codes import Mode
from sim_plc.program.handshake import Mailbox
from sim_plc.program.mechanism import MechanismProgram, Show
from sim_plc.program.words import word

_STATUS: Final = word(
    codes.Status.MEMORY_LOST,
    codes.Status.MAINTENANCE_KEY,
    codes.Status.SILENT,
    codes.Status.POWERED,
    codes.Status.MODE_PRODUCTION,
    codes.Status.MODE_MAINTENANCE,
    codes.Status.MODE_MANUAL,
)


def status_word(mode: Mode, *, lost: bool, key: bool, silent: bool, powered: bool) -> codes.Status:
    """Return the status word of a station."""
    modes = (mode is Mode.PRODUCTION, mode is Mode.MAINTENANCE, mode is Mode.MANUAL)
    return _STATUS((lost, key, silent, powered, *modes))


class _Part:
    """One mechanism's part of the fast block."""

    __slots__ = ("_made", "_program", "_told", "name")

    def __init__(self, program: MechanismProgram) -> None:
        self.name = program.name
        self._program = program
        self._told: tuple[object, ...] = ()
        """All that the part was made of last."""
        self._made: Status | None = None

    def now(self) -> Status:
        show, memory = self._program.machine.show(), self._program.mailbox.memory
        newest = memory.outcomes[0] if memory.outcomes else None
        told = (show, memory.accepted, memory.accepted_check, memory.running, newest)
        if self._made is None or told != self._told:
            self._told, self._made = told, _status(show, self._program.mailbox)
        return self._made


class Statuses:
    """The mechanisms' parts of the fast block. Of one that shows the same as before it is the same object."""

    def __init__(self, programs: Sequence[MechanismProgram]) -> None:
        self._parts = tuple(map(_Part, programs))

    def now(self) -> dict[str, Status]:
        """Return every mechanism's part by its name."""
        return {part.name: part.now() for part in self._parts}


def _status(show: Show, box: Mailbox) -> Status:
    newest = box.newest
    return Status(
        int(show.state),
        show.substep,
        box.memory.accepted,
        box.memory.accepted_check,
        box.executing,
        newest.sequence,
        newest.result,
        newest.reason,
        show.flags,
        show.position,
    )


def history(program: MechanismProgram, starts: int) -> History:
    """Return a mechanism's part of the slow blocks."""
    untrusted = program.mailbox.untrusted
    return History(
        tuple(program.mailbox.memory.outcomes),
        untrusted.sequence,
        untrusted.check,
        int(untrusted.reason),
        untrusted.count,
        int(program.fault),
        program.machine.show().velocity,
        starts,
    )


def identity(
    *, boot_id: int, kind: int, tower_id: int, table_crc: int, level: int, scan_s: float, epoch: int
) -> Identity:
    """Return the identity block; a scan takes its period, since this PLC's time is that of the plant."""
    scan_us = round(scan_s * 1e6)
    return Identity(
        boot_id,
        0,
        codes.MAP_ID,
        codes.MAP_VERSION,
        kind,
        tower_id,
        table_crc,
        int(codes.ProgramState.RUNNING),
        level,
        scan_us,
        scan_us,
        epoch,
    )
