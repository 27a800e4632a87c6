"""The program of a bay controller: the latches of one level."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from config.schema import Tower
from hal.plcmap import codes
from hal.plcmap.codec import Image, SlowImage, Status
from hal.plcmap.codes import Status as StatusBits
from hal.plcmap.registers import StationMap
from sim_plc.image import BayInputs, BayLevelImage
from sim_plc.program.bay_inputs import FilteredLevel
from sim_plc.program.bay_interlocks import BAY_INTERLOCKS, BayScene
from sim_plc.program.epoch import EpochMemory
from sim_plc.program.event_log import LogEntry
from sim_plc.program.interlocks import InterlockSet
from sim_plc.program.latches import Latches
from sim_plc.program.mechanism import Machine
from sim_plc.program.retained import ExchangeMemory
from sim_plc.program.station import StationMachine, StationState
from sim_plc.program.station_program import StationProgram
from sim_plc.program.words import word


class BayProgram(StationProgram[BayScene]):
    """Scans the image of one level.

    A bay controller has no wire from the safety chain or the maintenance key: its safety word is 0 (it knows of no
    healthy chain), and what stops it is the loss of "docked" or "held", which the chain brings about.
    """

    def __init__(
        self,
        tower: Tower,
        image: BayLevelImage,
        *,
        level: int,
        retained: bytes | None,
        rng: random.Random,
        interlocks: InterlockSet[BayScene] = BAY_INTERLOCKS,
        on_event: Callable[[LogEntry], None] | None = None,
    ) -> None:
        """Power up on the image of a level."""
        self._inputs = FilteredLevel(image)
        self._wires = self._inputs.seen
        super().__init__(
            tower,
            tower.maps[f"bays{level}"],
            self._build,
            level=level,
            retained=retained,
            rng=rng,
            interlocks=interlocks,
            on_event=on_event,
        )
        self._scene = BayScene(self._wires, self.station_state, self.mechanism("latches"))

    def scene(self) -> BayScene:
        """Return what the interlocks look at."""
        return self._scene

    @property
    def input_changes(self) -> int:
        """How often the plant has changed inputs of this level."""
        return self._inputs.raw.changes

    @property
    def inputs_due(self) -> float | None:
        """When a changed input may have been steady for long enough."""
        return self._inputs.due

    def take_inputs(self, t: float, *, at_once: bool) -> bool:
        """Read the inputs through their filters; tell whether anything may follow from them."""
        return self._inputs.take(t, at_once=at_once, busy=bool(self._running()))

    @property
    def anything_moves(self) -> bool:
        """False: a level has no encoder."""
        return False

    @property
    def maintenance_key(self) -> bool:
        """False: the key is wired to the tower PLC."""
        return False

    @property
    def chain_closed(self) -> bool:
        """True: the chain acts on "docked" and "held", not on this program."""
        return True

    def begin_scan(self, *, first: bool) -> None:
        """Drop the coils whose carriage has gone."""
        del first
        self._latches.drop_what_lost_its_carriage()

    def end_scan(self) -> None:
        """Nothing is left to switch."""

    def image(self, boot_id: int, epoch: EpochMemory, status: StatusBits, mechanisms: Mapping[str, Status]) -> Image:
        """Return the fast image with the feedback of the bays and the wires of the level; its safety word is 0."""
        held = _HELD if self._wires.carriage_held else _NOT_HELD
        bays = {place: _bay_word(bay) for place, bay in self._wires.bays.items()}
        return Image(
            boot_id, 0, epoch.epoch, epoch.owner, _NO_CHAIN, status, mechanisms, inputs=held, bays=bays
        )

    def fill_slow(self, image: SlowImage) -> SlowImage:
        """Add nothing: bays measure nothing."""
        return image

    def _build(self, station: StationMap, state: StationState, memory: ExchangeMemory) -> Sequence[Machine]:
        """Build the machines in the order of the mailboxes."""
        del station, memory
        self._latches = Latches(
            self._level, self._wires, travel_s=self._tower.machine.latch.travel_s, restless=self._restless
        )
        own = StationMachine(
            state, clear=self._clear, energise=lambda: None, faulted=lambda: self._latches.faulted
        )
        return [own, self._latches]

    def _restless(self, place: int) -> bool:
        return self._inputs.bays[place].restless(self._t, ("latch_open", "latch_closed"))

    def _clear(self) -> None:
        for program in self.mechanisms:
            if program.running is None:
                program.clear_fault()


_NO_CHAIN: Final = codes.Safety(0)
_HELD, _NOT_HELD = codes.BayStation.CARRIAGE_HELD, codes.BayStation(0)

_BAY: Final = word(
    codes.Bay.LATCH_OPEN,
    codes.Bay.LATCH_CLOSED,
    codes.Bay.OCCUPIED_A,
    codes.Bay.OCCUPIED_B,
    codes.Bay.DOCKED,
)


def _bay_word(bay: BayInputs) -> codes.Bay:
    wires = (bay.latch_open, bay.latch_closed, bay.occupied_a, bay.occupied_b, bay.docked)
    return _BAY(wires)
