"""What a station shows of itself and of each mechanism, as values that the codec writes."""

from typing import Final

from hal.plcmap import codes
from hal.plcmap.codec import History, Identity, Status
from hal.plcmap.codes import Mode
from sim_plc.program.mechanism import MechanismProgram
from sim_plc.program.words import bits

_MODE_BIT: Final = {
    Mode.PRODUCTION: codes.Status.MODE_PRODUCTION,
    Mode.MAINTENANCE: codes.Status.MODE_MAINTENANCE,
    Mode.MANUAL: codes.Status.MODE_MANUAL,
}
_STATUS_BITS: Final = (
    int(codes.Status.MEMORY_LOST),
    int(codes.Status.MAINTENANCE_KEY),
    int(codes.Status.SILENT),
    int(codes.Status.POWERED),
)


def status_word(mode: Mode, *, lost: bool, key: bool, silent: bool, powered: bool) -> codes.Status:
    """Return the status word of a station."""
    return codes.Status(bits(_STATUS_BITS, (lost, key, silent, powered)) | _MODE_BIT[mode])


def status(program: MechanismProgram) -> Status:
    """Return a mechanism's part of the fast block."""
    shown, box = program.machine.show(), program.mailbox
    newest = box.newest
    return Status(
        int(shown.state),
        shown.substep,
        box.memory.accepted,
        box.memory.accepted_check,
        box.executing,
        newest.sequence,
        newest.result,
        newest.reason,
        shown.flags,
        shown.position,
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
