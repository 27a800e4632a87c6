"""The latches of one level: a coil a bay draws the latch, a spring sends it home."""

from collections.abc import Callable

from hal.plcmap.codes import Flag, Opcode, Reason, Result, State
from hal.plcmap.frame import Content
from hal.plcmap.shape import place_number
from sim_plc.image import BayInputs, BayLevelImage
from sim_plc.program.mechanism import Show
from sim_plc.program.steps import Steps, Wait, margin_s


class Latches:
    """One latch moves at a time. A coil without its carriage is dropped for good, not only until it is back.

    ``restless`` tells of a place whether a contact of its latch chatters without end.
    """

    def __init__(
        self, level: int, image: BayLevelImage, *, travel_s: float, restless: Callable[[int], bool]
    ) -> None:
        self._level = level
        self._image = image
        self._travel_s = travel_s
        self._restless = restless
        self._moving = 0
        self._faulted = False
        for place in image.bays:
            image.unlatch[place] = False

    @property
    def faulted(self) -> bool:
        """Whether the last command ended in a fault that nobody has cleared."""
        return self._faulted

    def drop_what_lost_its_carriage(self) -> None:
        """Drop each coil whose carriage is no longer docked and held: the latch would draw again when it returns."""
        held = self._image.carriage_held
        for place, energised in self._image.unlatch.items():
            if energised and not (held and self._image.bays[place].docked):
                self._image.unlatch[place] = False

    def argument_reason(self, content: Content) -> Reason:
        """Return `Reason.ARGUMENT` for a position that is no bay of this level."""
        in_range = 1 <= content.argument1 < 100 and self.place_of(content) in self._image.bays
        return Reason.NONE if in_range else Reason.ARGUMENT

    def place_of(self, content: Content) -> int:
        """Return the place of the position."""
        return place_number(self._level, content.argument1)

    def begins(self, content: Content) -> None:
        """Note which latch moves."""
        self._moving, self._faulted = self.place_of(content), False

    def ends(self, result: Result) -> None:
        """Note that none moves."""
        self._moving, self._faulted = 0, result is Result.FAULT

    def steps(self, content: Content) -> Steps:
        """Return what a command does."""
        place = self.place_of(content)
        return self._unlatch(place) if content.opcode == Opcode.UNLATCH else self._latch(place)

    def running_fault(self) -> Reason:
        """Return `Reason.CONTACT` for a broken contact; one that does not follow is judged at its deadline."""
        return Reason.CONTACT if self._moving and self._restless(self._moving) else Reason.NONE

    def stopping(self, *, hard: bool) -> Steps:
        """Let the moving latch fall home: a spring cannot stand half way. Onto arms it does not fall."""
        del hard
        return self._fall_home(self._moving)

    def after_fault(self, reason: Reason) -> Steps:
        """Let the latch fall home, as far as it does; onto arms it does not fall."""
        del reason
        return self._fall_home(self._moving)

    def clear_fault(self) -> None:
        """Forget the fault; the next command would too."""
        self._faulted = False

    def show(self) -> Show:
        """Return the state of the level."""
        flags = Flag.FAULT if self._faulted else Flag(0)
        return Show(self._state(), flags, substep=self._moving % 100)

    def _state(self) -> State:
        if self._moving:
            return State.LATCH_MOVING
        home = all(bay.latch_closed and not bay.latch_open for bay in self._image.bays.values())
        return State.LATCHED if home else State.UNLATCHED

    def _unlatch(self, place: int) -> Steps:
        bay = self._bay(place)
        self._image.unlatch[place] = True
        yield Wait(lambda: bay.latch_open and not bay.latch_closed, margin_s(self._travel_s), Reason.CONTACT)

    def _latch(self, place: int) -> Steps:
        bay = self._bay(place)
        self._image.unlatch[place] = False
        yield Wait(lambda: bay.latch_closed and not bay.latch_open, margin_s(self._travel_s), Reason.CONTACT)

    def _fall_home(self, place: int) -> Steps:
        if self._image.shuttle_centred or not self._image.unlatch[place]:
            yield from self._latch(place)

    def _bay(self, place: int) -> BayInputs:
        return self._image.bays[place]
