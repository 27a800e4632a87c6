"""Another master that is seen between a trip and whoever tells of it: every image is out of reach by then."""

from controller.domain.unit import UnitState
from hal.plcmap.codec import Image
from hal.plcmap.codes import Safety
from sim_plc.rehearsal import loop
from tests.support.stage import stage


def test_a_station_that_freezes_behind_a_trip_ends_no_daemon_and_the_trip_is_named() -> None:
    async def body() -> None:
        async with stage() as it:
            daemon = it.world.daemon
            assert daemon is not None
            station = daemon.stations["tower"]

            def freeze(image: Image) -> None:
                if Safety.CHAIN_CLOSED not in image.safety:
                    station.freeze("another master was seen")

            station.on_image(freeze)
            it.world.do(lambda plant: plant.press_e_stop())
            await it.until(lambda: it.unit is UnitState.ABORTED)
            assert it.world.daemon is daemon
            causes = [str(event["cause"]) for event in it.world.events if event["event"] == "unit_state"]
            assert any("E_STOP" in cause for cause in causes)

    loop.run(body())
