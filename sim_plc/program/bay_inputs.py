"""The image of a level of bays as its program works with it: outputs are the wires, inputs come filtered."""

from collections.abc import Mapping

from sim_plc.image import BayInputs, BayLevelImage
from sim_plc.program import input_filter
from sim_plc.program.input_filter import InputFilter, take_all


class FilteredLevel:
    """The image of one level of bays behind its input filters."""

    def __init__(self, raw: BayLevelImage) -> None:
        self.raw = raw
        self.due: float | None = None
        """When an input that has changed may be taken over; None: none waits."""
        self.seen = BayLevelImage({place: BayInputs() for place in raw.bays}, raw.unlatch)
        self.bays: Mapping[int, InputFilter] = {
            place: InputFilter(bay, self.seen.bays[place], input_filter.BAY) for place, bay in raw.bays.items()
        }

    def take(self, t: float, *, at_once: bool, busy: bool = False) -> bool:
        """Look at the inputs in a scan; tell whether anything may follow from them for the program.

        ``at_once``: at power-up, when nothing was seen before. ``busy``: a command runs. Every level hears by wire how
        the carriage stands; at a level where it is not docked nothing follows from that.
        """
        raw, seen = self.raw, self.seen
        wires, before = (raw.carriage_held, raw.shuttle_centred), (seen.carriage_held, seen.shuttle_centred)
        seen.carriage_held, seen.shuttle_centred = wires
        if at_once:
            for each in self.bays.values():
                each.pass_all()
        news, self.due = take_all(self.bays.values(), t)
        return news or (wires != before and (busy or self._concerned))

    @property
    def _concerned(self) -> bool:
        """Whether the carriage is docked at this level, or a latch is drawn for it."""
        return any(bay.docked for bay in self.seen.bays.values()) or True in self.raw.unlatch.values()
