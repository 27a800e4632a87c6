"""What each cost of the daemon becomes in a tower of 396 bays, beside one of 42: no worse than linear is wanted.

Plant, PLC programs and the daemon's own composition root run in one process and virtual time; processor time is
measured. A growth of 1.0 is the ratio of the bays: below it, a cost grows slower than the tower.

    python -m tests.bench.tall_tower
"""

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

from config.load import load_tower
from controller import logs
from controller.domain.book import Book
from controller.domain.events import ImportInventory, Query, StockedCar
from hal.plcmap.codec import StationCodec
from sim_plc.plant.cars import Car
from sim_plc.rehearsal import loop
from sim_plc.rehearsal.world import EPOCH_S, World

SMALL, TALL = "guangzhou", "autostadt"
ROUNDS = 40
ONLINE_S = 10.0

Costs = Mapping[str, float]
"""By what is done, milliseconds of processor time."""


def timed(act: Callable[[], object]) -> float:
    """Return the median time of ``act`` in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        act()
        taken.append((time.process_time_ns() - began) / 1e6)
    return statistics.median(taken)


async def timed_once(act: Awaitable[object]) -> float:
    """Return how many milliseconds it takes until something is done."""
    began = time.process_time_ns()
    await act
    return (time.process_time_ns() - began) / 1e6


async def costs(name: str) -> Costs:
    """Bring a tower up with every second bay taken, and measure."""
    tower = load_tower(name)
    cars = {place: Car(f"C{place}") for place in list(tower.shape.bays)[::2]}
    world = World(tower, 1, cars=cars)
    async with world.running():
        daemon = await world.start_daemon()
        await asyncio.sleep(ONLINE_S)
        assert all(station.online for station in daemon.stations.values())
        stocked = tuple(StockedCar(id=car.id, place=place) for place, car in cars.items())
        imported = await timed_once(world.ask(ImportInventory(cars=stocked, by="bench")))
        stations = [(StationCodec(program.station), program) for program in world.programs]

        numbers = itertools.count()

        def status() -> None:
            daemon.control.publish()
            json.dumps(daemon.board.status)

        def images() -> None:
            for codec, program in stations:
                blocks = [list(program.read_input(b.address, b.count)) for b in program.station.fast]
                # Another last word each time: an image that is the same as before need not be decoded.
                blocks[-1][-2] = next(numbers) & 1
                codec.decode_fast(blocks)

        async def asked(what: str) -> float:
            return statistics.median(
                [await timed_once(daemon.inbox.ask(Query(what=what, params={}, by="bench"))) for _ in range(ROUNDS)]
            )

        return {
            "images of all stations, read and decoded": timed(images),
            "inventory imported (once)": imported,
            "inventory to JSON and back": timed(lambda: Book.from_body(json.loads(json.dumps(daemon.book.to_body())))),
            "status for the API": timed(status),
            "cars for the API": await asked("cars"),
        }


def main() -> None:
    """Measure and print."""
    logs.set_up(now=lambda: EPOCH_S, level="critical")
    small, tall = (loop.run(costs(name)) for name in (SMALL, TALL))
    bays = {name: len(load_tower(name).shape.bays) for name in (SMALL, TALL)}
    ratio = bays[TALL] / bays[SMALL]
    print(f"{SMALL} {bays[SMALL]} bays, {TALL} {bays[TALL]} bays: {ratio:.2f} times as many")
    for what, cost in small.items():
        print(f"{what:42} {cost:8.3f} ms {tall[what]:8.3f} ms   growth / bays {tall[what] / cost / ratio:.2f}")


if __name__ == "__main__":
    main()
