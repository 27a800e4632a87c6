"""What a machine does that moves nothing: its commands are done in one scan, and it stands at any time."""

from hal.plcmap.codes import Reason, Result
from hal.plcmap.frame import Content
from sim_plc.program.steps import Steps


class AtOnce:
    """The part of `sim_plc.program.mechanism.Machine` that has nothing to do where nothing moves."""

    def place_of(self, content: Content) -> int:
        """Return 0: it has no interlock that looks at a place."""
        del content
        return 0

    def begins(self, content: Content) -> None:
        """Nothing to note."""

    def ends(self, result: Result) -> None:
        """Nothing to note."""

    def running_fault(self) -> Reason:
        """Return `Reason.NONE`: there is no feedback."""
        return Reason.NONE

    def stopping(self, *, hard: bool) -> Steps:
        """Stand, as always."""
        del hard
        yield from ()

    def after_fault(self, reason: Reason) -> Steps:
        """Stand, as always."""
        del reason
        yield from ()

    def clear_fault(self) -> None:
        """Nothing to clear."""
