"""The image of a level of bays as its program works with it: outputs are the wires, inputs come filtered."""

from collections.abc import Mapping

from sim_plc.image import BayInputs, BayLevelImage
from sim_plc.program import input_filter
from sim_plc.program.input_filter import InputFilter, earliest


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

    def take(self, t: float, *, at_once: bool) -> bool:
        """Look at the inputs in a scan; tell whether the program sees anything else, or a contact has bounced.

        ``at_once``: at power-up, when nothing was seen before.
        """
        raw, seen = self.raw, self.seen
        wires, before = (raw.carriage_held, raw.shuttle_centred), (seen.carriage_held, seen.shuttle_centred)
        seen.carriage_held, seen.shuttle_centred = wires
        if at_once:
            for each in self.bays.values():
                each.pass_all()
        news = [each for each in self.bays.values() if each.take(t)]
        self.due = earliest(self.bays.values())
        return bool(news) or wires != before
