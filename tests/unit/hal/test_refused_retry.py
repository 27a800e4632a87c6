"""A station that refuses our certificate is asked again now and then, not at every turn."""

import asyncio

from hal.cadence import SteadyCadence
from hal.errors import CertificateRefused
from hal.interfaces import StationState
from hal.plcmap.registers import tower_map
from hal.scan import Station
from sim_plc.rehearsal.loop import run
from sim_plc.rehearsal.memory_link import MemoryLink
from tests.support.fake_plc import SHAPE, FakePlc
from tests.support.hal_rig import OWNER, MemoryEpochs

SPAN_S = 20.0


class Refusing(MemoryLink):
    """A link whose other end accepts us only in the end."""

    attempts = 0
    accepts = False

    async def connect(self) -> None:
        self.attempts += 1
        if not self.accepts:
            raise CertificateRefused("it refuses our certificate: unknown ca")
        await super().connect()


def test_a_refused_certificate_is_tried_every_two_seconds_until_somebody_mends_it() -> None:
    async def scene() -> None:
        plc = FakePlc(tower_map(SHAPE))
        link = Refusing({plc.map.unit: plc}, before=plc.advance)
        station = Station(plc.map, SHAPE, link, cadence=SteadyCadence(), epochs=MemoryEpochs(), owner=OWNER)
        scan = asyncio.create_task(station.run())
        await asyncio.sleep(SPAN_S)
        assert 9 <= link.attempts <= 12
        assert (station.state, station.trouble) == (
            StationState.OFFLINE,
            "it refuses our certificate: unknown ca",
        )
        link.accepts = True
        await asyncio.sleep(3.0)
        assert station.online
        scan.cancel()
        await asyncio.gather(scan, return_exceptions=True)

    run(scene())
