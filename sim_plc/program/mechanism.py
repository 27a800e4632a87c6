"""What every mechanism's program has in common: a mailbox, one running sequence of steps, and how it ends."""

from typing import Final, NamedTuple, Protocol

from hal.plcmap.codes import Flag, MechanismKind, Reason, Result, State
from hal.plcmap.frame import Content
from hal.plcmap.registers import Mechanism
from sim_plc.program.handshake import Command, Mailbox
from sim_plc.program.steps import Sequencer, StepFault, Steps

NO_FLAGS: Final = Flag(0)


class Show(NamedTuple):
    """What a mechanism shows in the blocks."""

    state: State
    flags: Flag = NO_FLAGS
    position: int = 0
    velocity: int = 0
    substep: int = 0


class Machine(Protocol):
    """The mechanical side of one mechanism: what its commands do. It knows no mailbox and no interlock."""

    def argument_reason(self, content: Content) -> Reason:
        """Return why the arguments are refused, or `Reason.NONE`."""
        ...

    def place_of(self, content: Content) -> int:
        """Return the place that the interlocks of a command look at, 0 if none."""
        ...

    def steps(self, content: Content) -> Steps:
        """Return what a command does; it is called in the scan that accepts the command."""
        ...

    def stopping(self, *, hard: bool) -> Steps:
        """Return a controlled stop up to standstill; ``hard`` with the rate of a safety or silence stop."""
        ...

    def after_fault(self, reason: Reason) -> Steps:
        """Return what is done after a fault, up to standstill."""
        ...

    def begins(self, content: Content) -> None:
        """Take notice that a command starts."""
        ...

    def ends(self, result: Result) -> None:
        """Take notice that the running command ended, at standstill."""
        ...

    def running_fault(self) -> Reason:
        """Return the fault that the feedback shows while a command runs, or `Reason.NONE`."""
        ...

    def show(self) -> Show:
        """Return what the blocks show; ``state`` is also what expected-from is compared with."""
        ...

    def clear_fault(self) -> None:
        """Leave the error state."""
        ...


class MechanismProgram:
    """One mailbox and the machine behind it.

    A running command ends in exactly one way: its steps end (OK), a step fails (FAULT), or `halt` stops it with
    the result of the first cause. Whatever the way, the outcome is set at standstill.
    """

    def __init__(self, mechanism: Mechanism, mailbox: Mailbox, machine: Machine) -> None:
        self.mechanism = mechanism
        self.mailbox = mailbox
        self.machine = machine
        self.fault = Reason.NONE
        self._sequencer = Sequencer()
        self._ending: tuple[Result, Reason] | None = None
        self._hard = False

    @property
    def name(self) -> str:
        """The mechanism's name in its station."""
        return self.mechanism.name

    @property
    def kind(self) -> MechanismKind:
        """What it is."""
        return self.mechanism.kind

    @property
    def running(self) -> Command | None:
        """The command that runs, which it does until its outcome is set."""
        return self.mailbox.memory.running

    @property
    def ending(self) -> bool:
        """Whether the running command is being stopped."""
        return self._ending is not None

    @property
    def due(self) -> float | None:
        """When the program must look at it though no input changes."""
        return self._sequencer.due

    def start(self, command: Command) -> None:
        """Let an accepted command run; its first step runs with the next `run`."""
        self.mailbox.start(command)
        self.fault = Reason.NONE
        self._ending, self._hard = None, False
        self.machine.begins(command.content)
        self._sequencer.begin(self.machine.steps(command.content))

    def halt(self, result: Result, reason: Reason = Reason.NONE, *, hard: bool = True) -> None:
        """Stop what runs; the first cause gives the result, a harder one only brakes harder. Idempotent."""
        if self.running is None or (self.ending and (self._hard or not hard)):
            return
        if self._ending is None:
            self._ending = (result, reason)
        self._hard = hard
        self._sequencer.begin(self.machine.stopping(hard=hard))

    def run(self, t: float) -> bool:
        """Run on at scan time ``t``; set the outcome at standstill. Return whether it got past a step."""
        progressed = self.running is not None and self._run_command(t)
        if self.running is None and self.mailbox.memory.stops:
            self.mailbox.finish_stops()
        return progressed

    def clear_fault(self) -> None:
        """Leave the error state."""
        self.fault = Reason.NONE
        self.machine.clear_fault()

    def _run_command(self, t: float) -> bool:
        reason = Reason.NONE if self.ending else self.machine.running_fault()
        try:
            ended = self._fail(reason, t) if reason else self._sequencer.run(t)
        except StepFault as fault:
            ended = self._fail(fault.reason, t)
        if ended:
            self._finish()
        return self._sequencer.progressed

    def _fail(self, reason: Reason, t: float) -> bool:
        """Turn to the fault's steps; return whether they have ended too."""
        already_failed = self._ending is not None and self._ending[0] is Result.FAULT
        self.fault = reason
        self._sequencer.cancel()
        if already_failed:
            return True
        self._ending, self._hard = (Result.FAULT, reason), True
        self._sequencer.begin(self.machine.after_fault(reason))
        try:
            return self._sequencer.run(t)
        except StepFault:
            return True

    def _finish(self) -> None:
        result, reason = self._ending or (Result.OK, Reason.NONE)
        self._ending, self._hard = None, False
        self.machine.ends(result)
        self.mailbox.finish(result, reason)
