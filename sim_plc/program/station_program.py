"""What every station's program does at a scan: hear the controller, look at the mailboxes, run the mechanisms."""

import math
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from config.schema import Tower
from hal.plcmap.codec import Identity, Image, SlowImage, Status
from hal.plcmap.codes import MechanismKind, Opcode, Reason, Result
from hal.plcmap.codes import Status as StatusBits
from hal.plcmap.frame import Content
from hal.plcmap.registers import Mechanism, StationMap
from sim_plc.program import shown
from sim_plc.program.admission import place_of, refused_by_frame, refused_by_power
from sim_plc.program.epoch import EpochGate, EpochMemory
from sim_plc.program.event_log import Event, LogEntry
from sim_plc.program.handshake import Command, Mailbox, MailboxMemory
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.mechanism import Machine, MechanismProgram
from sim_plc.program.owned import OwnedRegisters
from sim_plc.program.pages import Pages
from sim_plc.program.retained import ExchangeMemory, next_boot, pack, power_up
from sim_plc.program.station import StationState

SceneT = TypeVar("SceneT")

LOG_LENGTH: Final = 10_000

_JOG: Final = int(Opcode.JOG)


class StationProgram(ABC, Generic[SceneT]):
    """One station: implements `sim_plc.unit.Unit`.

    Constructing it is a power-up: outputs off, boot id counted, what ran closed with STOPPED_RESTART, drives off
    until RESET. ``retained`` is what `retained_bytes` gave before (None: leaves the factory). Times are seconds of
    one rising clock.
    """

    def __init__(
        self,
        tower: Tower,
        station: StationMap,
        machines: Callable[[StationMap, StationState, ExchangeMemory], Sequence[Machine]],
        *,
        level: int,
        retained: bytes | None,
        rng: random.Random,
        interlocks: InterlockSet[SceneT],
        on_event: Callable[[LogEntry], None] | None,
    ) -> None:
        self.station = station
        self.log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self.due = -math.inf
        """When a scan is due though no input changes: from what has passed on the next one of the grid; inf: never."""
        self.station_state = StationState()
        self._tower = tower
        self._level = level
        self._interlocks = interlocks
        self._on_event = on_event
        self._t = 0.0
        self._scanned = False
        self._silent = True
        self._memory = power_up(retained, rng)
        self._scan_s = tower.machine.plc.scan_s
        self.gate = EpochGate(
            self._memory.epoch, scan_s=self._scan_s, silence_s=tower.machine.plc.silence_s
        )
        self._owned = OwnedRegisters(station)
        self._unsettled = False
        self._showings = 0
        self.stirred = True
        """Whether what it shows may have become something else since `showings` was looked at."""
        self._resting = self._waiting = self._progressed = False
        self._due = math.inf
        """When the last scan said that the next is due, whatever was written since."""
        self._table_crc = tower.shape.table_crc()
        built = machines(station, self.station_state, self._memory.exchange)
        self.mechanisms = tuple(map(self._mechanism, station.mechanisms, built))
        self._statuses = shown.Statuses(self.mechanisms)
        self._by_name = {program.name: program for program in self.mechanisms}
        self._pages = Pages(
            station,
            identity=self._identity,
            fast=self._image,
            slow=self._slow_image,
            heartbeat=lambda: self.gate.heartbeat(self._t),
        )
        for program in self.mechanisms:
            program.mailbox.close_after_restart()

    # What differs between stations

    @abstractmethod
    def scene(self) -> SceneT:
        """Return what the interlocks look at."""

    @abstractmethod
    def begin_scan(self, *, first: bool) -> None:
        """Read the inputs that concern the whole station: safety chain, key."""

    @abstractmethod
    def end_scan(self) -> None:
        """Write the outputs that concern the whole station: drive power."""

    @property
    @abstractmethod
    def input_changes(self) -> int:
        """How often the plant has changed inputs of this station."""

    @property
    @abstractmethod
    def inputs_due(self) -> float | None:
        """When a changed input may have been steady for long enough to be believed; None: none waits for that."""

    @abstractmethod
    def take_inputs(self, t: float, *, at_once: bool) -> bool:
        """Read the inputs through their filters; tell whether anything may follow from what the program sees now.

        ``at_once``: as they are, since nothing was seen before.
        """

    @property
    @abstractmethod
    def anything_moves(self) -> bool:
        """Whether an encoder shows another value now than at the last scan."""

    @property
    @abstractmethod
    def maintenance_key(self) -> bool:
        """Whether the local pendant has the machine."""

    @property
    @abstractmethod
    def chain_closed(self) -> bool:
        """Whether the safety chain lets things move."""

    @abstractmethod
    def image(self, boot_id: int, epoch: EpochMemory, status: StatusBits, mechanisms: Mapping[str, Status]) -> Image:
        """Return the fast image: what every station has, and what only this kind of station has."""

    @abstractmethod
    def fill_slow(self, image: SlowImage) -> SlowImage:
        """Return the slow image with what only this kind of station has."""

    # The scan

    @property
    def name(self) -> str:
        """The station's name."""
        return self.station.name

    @property
    def unit(self) -> int:
        """The station's Modbus unit id."""
        return self.station.unit

    @property
    def boot_id(self) -> int:
        """The boot id of this power-up."""
        return self._memory.boot_id

    @property
    def memory_lost(self) -> bool:
        """Whether retained memory was lost and nobody has acknowledged it at the tower."""
        return self._memory.lost

    @property
    def progressed(self) -> bool:
        """Whether the last scan got past a step of any mechanism, so that outputs may have changed."""
        return self._progressed

    @property
    def showings(self) -> int:
        """How often something else was shown at two looks at this, signs of life and what goes by in passing aside."""
        if self.stirred:
            self.stirred = False
            self._showings += self._pages.news()
        return self._showings

    def only_hears(self, t: float) -> bool:
        """Return whether a scan at ``t`` would hear the controller and do no more, its inputs being as they are.

        So it is at rest, and in motion between two steps. Nobody needs to see such a scan happen in time.
        """
        return (
            self._waiting
            and not self._silent
            and not self._owned.frame_written
            and self.inputs_due is None
            and self._due > t
        )

    @property
    def attentive(self) -> bool:
        """Whether it does what was asked last, at rest or in motion, and would only hear a controller that polls."""
        return not self._silent and not self._owned.frame_written and not self._unsettled

    def mechanism(self, name: str) -> MechanismProgram:
        """Return one mechanism's program.

        Raises:
            KeyError: the station has none of that name.

        """
        return self._by_name[name]

    def refresh(self, t: float) -> None:
        """Let heartbeat and encoders be those of ``t`` in the reads to come; nothing is scanned."""
        self._t = t
        if self.anything_moves:
            self._pages.changed()

    def hear(self, t: float) -> bool:
        """Hear the controller at the scan of ``t``, where `only_hears`; return whether a whole scan has to follow."""
        self._t = t
        self._take_block(t)
        if self._owned.frame_written or self.gate.silent(t) is not self._silent:
            return True
        self.due = self._due = self._next_due()
        return False

    def scan(self, t: float, *, inputs_changed: bool = True) -> None:
        """Run one scan at time ``t``.

        With unchanged inputs, at rest or between two steps, it hears the controller, and that is all.
        """
        self._t = t
        first, self._scanned = not self._scanned, True
        was_silent = self._silent
        self._take_block(t)
        self._silent = self.gate.silent(t)
        if inputs_changed or first or self.inputs_due is not None:
            inputs_changed = self.take_inputs(t, at_once=first) or first
            self._pages.changed()
        calm = self._resting or (self._waiting and self._due > t)
        if calm and not inputs_changed and self._silent is was_silent and not self._owned.frame_written:
            self.due = self._due = self._next_due()
            return
        self.begin_scan(first=first)
        self._halt_what_must_not_run()
        self._look_at_mailboxes()
        self._progressed = True in [program.run(t) for program in self._at_work()]
        self.end_scan()
        settled, running = not self._unsettled and not self._progressed, self._running()
        self._resting = settled and not running
        # The dead-man of a jog is looked at in every scan.
        self._waiting = settled and not (running and any(map(_jogs, running)))
        self.due = self._due = self._next_due()
        self._pages.changed()
        # A scan in motion that only hears the controller shows what the last one did.
        self.stirred |= inputs_changed or self._progressed or self._silent is not was_silent

    def count_as_heard(self, t: float, *, on: bool) -> None:
        """Count the controller as heard at ``t``; while ``on``, at every scan from then on."""
        self.gate.count_as_heard(t, on=on)
        written_since = self.due != self._due
        self._due = self._next_due()
        if not written_since:
            self.due = self._due

    def retained_bytes(self) -> bytes:
        """Return what survives power."""
        return pack(self._memory)

    def local_reset(self) -> None:
        """Acknowledge the loss of memory at the tower's cabinet, a human act: the next sequence is 1.

        The boot id rises and the mailboxes are cleared, so that a frame refused before can never run under its old
        number. Without a loss of memory it does nothing.
        """
        memory = self._memory
        if not memory.lost:
            return
        memory.lost = False
        self.stirred = True
        memory.boot_id = next_boot(memory.boot_id)
        self._owned.clear()
        self.due = -math.inf
        for program in self.mechanisms:
            program.mailbox.forget()
            memory.mailboxes[program.name] = program.mailbox.memory
        self._pages.changed()

    # Registers

    def read_input(self, address: int, count: int) -> Sequence[int]:
        """Return input registers: the blocks.

        Raises:
            ModbusRefusal: an address outside the blocks.

        """
        return self._pages.read(address, count)

    def read_holding(self, address: int, count: int) -> Sequence[int]:
        """Return holding registers: the mirrored blocks, or what the controller wrote.

        Raises:
            ModbusRefusal: an address that is not declared.

        """
        if address < self.station.owned_base:
            return self._pages.read(address, count)
        return self._owned.read(address, count)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write registers that the controller owns; the next scan sees them.

        Raises:
            ModbusRefusal: any register is undeclared or the PLC's own, or a value is no word.

        """
        self._owned.write(address, words)
        self.due = -math.inf

    # One scan, part by part

    def _next_due(self) -> float:
        """Return when a scan is due from this one on: nothing but a scan and a write changes it."""
        if not self._resting and (self._unsettled or self._progressed):
            return -math.inf
        dues = [self.inputs_due]
        if not self._resting:
            dues += [program.due for program in self._running()]
        if not self._silent:
            dues.append(self.gate.silent_from())
        return min([due for due in dues if due is not None], default=math.inf)

    def _running(self) -> list[MechanismProgram]:
        """Return the mechanisms with a command that runs."""
        return [program for program in self.mechanisms if program.mailbox.memory.running is not None]

    def _at_work(self) -> list[MechanismProgram]:
        """Return the mechanisms that owe an outcome."""
        return [
            program
            for program in self.mechanisms
            if program.mailbox.memory.running is not None or program.mailbox.memory.stops
        ]

    def _mechanism(self, mechanism: Mechanism, machine: Machine) -> MechanismProgram:
        name = mechanism.name

        def on_accepted(command: Command) -> None:
            self._tell(LogEntry(self._t, name, command.sequence, Event.ACCEPTED, command.content))

        def on_outcome(sequence: int, result: Result, reason: Reason) -> None:
            self._tell(LogEntry(self._t, name, sequence, Event.OUTCOME, None, result, reason))

        memory = self._memory.mailboxes.setdefault(name, MailboxMemory())
        return MechanismProgram(mechanism, Mailbox(memory, on_accepted, on_outcome), machine)

    def _tell(self, entry: LogEntry) -> None:
        self.log.append(entry)
        if self._on_event is not None:
            self._on_event(entry)

    def _take_block(self, t: float) -> None:
        """Look at the controller block if it was written since the last scan: an old echo is no news."""
        owned = self._owned
        if owned.block_written:
            owned.block_written = False
            epoch = self._memory.epoch.epoch
            self.gate.take(owned.block(), t)
            owned.frame_written |= self._memory.epoch.epoch != epoch

    def _halt_what_must_not_run(self) -> None:
        """Stop what runs when the chain opens, the key is turned, the controller is silent or a condition is lost."""
        for program in self._running():
            if program.kind in (MechanismKind.STATION, MechanismKind.SIGNAL):
                continue
            result, reason = self._stop_cause(program)
            if result is not Result.NONE:
                program.halt(result, reason)

    def _stop_cause(self, program: MechanismProgram) -> tuple[Result, Reason]:
        if not self.chain_closed:
            return Result.STOPPED_SAFETY, Reason.SAFETY
        if self.maintenance_key:
            return Result.STOPPED_SAFETY, Reason.MAINTENANCE
        if self._silent:
            return Result.STOPPED_SILENCE, Reason.SILENT
        reason = self._lost_interlock(program)
        return (Result.STOPPED_SAFETY if reason else Result.NONE), reason

    def _lost_interlock(self, program: MechanismProgram) -> Reason:
        """Return which condition the running command has lost; its own mechanism does not count as moving."""
        command = program.running
        if command is None or program.ending:
            return Reason.NONE
        wish = (program.kind, Opcode(command.content.opcode))
        return self._interlocks.lost(self.scene(), wish, place_of(program, command.content))

    def _look_at_mailboxes(self) -> None:
        """Judge the mailboxes one after another; each sees what the ones before it have accepted."""
        if not self._owned.frame_written and not self._unsettled:
            return
        self._owned.frame_written = False
        boot_id, epoch = self._memory.boot_id, self._memory.epoch.epoch
        for program in self.mechanisms:
            words = self._owned.frame(program.name)
            command = program.mailbox.look(words, boot_id=boot_id, epoch=epoch)
            if command is not None:
                self._answer(program, command)
        self._unsettled = any(not p.mailbox.settled for p in self.mechanisms)

    def _answer(self, program: MechanismProgram, command: Command) -> None:
        if command.is_stop:
            self._answer_stop(program, command)
            return
        reason = self._refusal(program, command.content)
        if reason is not Reason.NONE:
            program.mailbox.refuse(command, reason)
            return
        self._memory.starts[program.name] = self._memory.starts.get(program.name, 0) + 1
        self._tell(LogEntry(self._t, program.name, command.sequence, Event.STARTED, command.content))
        program.start(command)

    def _answer_stop(self, program: MechanismProgram, command: Command) -> None:
        """Stop. Silence, lost memory or an open chain do not refuse it: a STOP only takes motion away.

        The maintenance key does: every command belongs to the pendant then.
        """
        if self.maintenance_key:
            program.mailbox.refuse(command, Reason.MAINTENANCE)
        else:
            program.halt(Result.STOPPED, hard=False)

    def _refusal(self, program: MechanismProgram, content: Content) -> Reason:
        """Return why a command is refused: by its frame, the station, an interlock or power; else `Reason.NONE`."""
        return (
            refused_by_frame(program, content)
            or self._refused_by_station(content)
            or self._refused_by_interlock(program, content)
        )

    def _refused_by_station(self, content: Content) -> Reason:
        if self._memory.lost:
            return Reason.MEMORY_LOST
        if self.maintenance_key:
            return Reason.MAINTENANCE
        if self._silent:
            return Reason.SILENT
        if content.opcode == Opcode.JOG and not self.gate.dead_man_held(self._t):
            return Reason.DEAD_MAN
        return Reason.NONE

    def _refused_by_interlock(self, program: MechanismProgram, content: Content) -> Reason:
        wish = (program.kind, Opcode(content.opcode))
        reason = self._interlocks.refusal(self.scene(), wish, place_of(program, content))
        return reason or refused_by_power(program, content, powered=self.station_state.powered)

    # What the blocks show

    def _identity(self) -> Identity:
        return shown.identity(
            boot_id=self._memory.boot_id,
            kind=int(self.station.kind),
            tower_id=self._tower.tower_id,
            table_crc=self._table_crc,
            level=self._level,
            scan_s=self._scan_s,
            epoch=self._memory.epoch.epoch,
        )

    def _image(self) -> Image:
        status = shown.status_word(
            self.station_state.mode,
            lost=self._memory.lost,
            key=self.maintenance_key,
            silent=self._silent,
            powered=self.station_state.powered,
        )
        epoch = self._memory.epoch
        return self.image(self._memory.boot_id, epoch, status, self._statuses.now())

    def _slow_image(self) -> SlowImage:
        starts = self._memory.starts
        histories = {p.name: shown.history(p, starts.get(p.name, 0)) for p in self.mechanisms}
        return self.fill_slow(SlowImage(self._memory.boot_id, self.station_state.first_out, histories))


def _jogs(program: MechanismProgram) -> bool:
    return program.running is not None and program.running.content.opcode == _JOG
