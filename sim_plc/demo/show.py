"""`cartower-sim demo`: the whole tower at work, from nothing to a table of measured times."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from config.load import load_tower
from config.scenario import Scenario, load_scenario
from config.schema import Tower
from controller.api.client import ApiClient, ApiError
from sim_plc.control_client import PlantClient
from sim_plc.demo.bring_up import bring_up, reach_daemon, reach_plant
from sim_plc.demo.day import Day, differences
from sim_plc.demo.failure import DemoFailed
from sim_plc.demo.record import Record
from sim_plc.demo.report import as_json, table, worst_ratio
from sim_plc.demo.stage import DAEMON, PLANT, Stage, Watcher, own_addresses
from sim_plc.side_wire import PlantGone
from sim_plc.view.run_svg import run_svg
from sim_plc.view.tower_svg import tower_svg

HELD: Final = ("plant.json", "journal.sqlite")
"""Files of a run directory that already belongs to a tower."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    config: str
    scenario: str
    profile: str | None
    seed: int
    picture: Path
    portrait: Path | None
    run_dir: Path | None
    stay: bool
    quiet: bool
    """Keep standard output for the result: everything else goes to standard error."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a demonstration that went well has to show."""

    record: Record
    result: dict[str, Any]


def show(wishes: Wishes) -> Shown:
    """Run the demonstration; blocks until it has ended.

    Raises:
        DemoFailed: an order failed, the plant saw a crime, or belief and truth differ at the end.
        config.faults.ConfigError: tower or scenario are not right.

    """
    tower = load_tower(wishes.config, profile=wishes.profile)
    scenario = load_scenario(wishes.scenario, tower)
    run_dir = _run_dir(wishes)
    keep = wishes.run_dir is not None
    try:
        return asyncio.run(_Show(wishes, tower, scenario, run_dir).run())
    except DemoFailed as failure:
        keep = True
        raise DemoFailed(f"{failure}\nlogs stay in {run_dir}") from None
    finally:
        if not keep:
            shutil.rmtree(run_dir)


def _run_dir(wishes: Wishes) -> Path:
    if wishes.run_dir is None:
        return Path(tempfile.mkdtemp(prefix="cartower-"))
    if any((wishes.run_dir / name).exists() for name in HELD):
        raise DemoFailed(f"{wishes.run_dir} holds a tower already: the demonstration begins with a new one")
    wishes.run_dir.mkdir(parents=True, exist_ok=True)
    return wishes.run_dir.absolute()


class _Show:
    """One demonstration."""

    def __init__(self, wishes: Wishes, tower: Tower, scenario: Scenario, run_dir: Path) -> None:
        self._wishes = wishes
        self._tower = tower
        self._scenario = scenario
        self._out: IO[str] = sys.stderr if wishes.quiet else sys.stdout
        self._stage = Stage(run_dir)
        self._watcher = Watcher(run_dir, self._out)
        self._record = Record()

    async def run(self) -> Shown:
        """Set up, work, look, and clear away; SIGTERM and Ctrl-C clear away too."""
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            shown = await self._perform()
        except BaseException:
            self._watcher.end()
            await self._stage.end()
            raise
        self._watcher.end()
        complaints = await self._stage.end()
        if complaints:
            raise DemoFailed("\n".join(complaints))
        return shown

    async def _perform(self) -> Shown:
        title = self._tower.title or self._tower.name
        self._say(f"{title}, profile {self._tower.profile}: {len(self._scenario.order)} orders of a day")
        plant = await self._start()
        with plant:
            async with await reach_daemon(self._stage) as client:
                self._watcher.start()
                return await self._attended(client, plant)

    async def _start(self) -> PlantClient:
        """Start the plant, and the daemon as soon as the plant's lines are there."""
        wishes, run_dir = self._wishes, str(self._stage.run_dir)
        profile = ("--profile", wishes.profile) if wishes.profile else ()
        common = ("--config", wishes.config, *profile, "--run-dir", run_dir, *own_addresses(self._tower))
        what = ("--seed", str(wishes.seed), "--scenario", wishes.scenario)
        self._stage.start(PLANT, "sim_plc", "run", *common, *what)
        plant = await reach_plant(self._stage)
        self._stage.start(DAEMON, "controller", "run", *common)
        return plant

    async def _attended(self, client: ApiClient, plant: PlantClient) -> Shown:
        """Work while listening to the daemon: if either process goes, the day is over."""
        listening = asyncio.create_task(self._record.follow(client))
        working = asyncio.create_task(self._work(client, plant))
        try:
            await asyncio.wait((listening, working), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await asyncio.sleep(0.2)
                self._stage.check()
                listening.result()
            return await working
        except (ApiError, PlantGone) as error:
            self._stage.check()
            raise DemoFailed(str(error)) from error
        finally:
            for task in (listening, working):
                task.cancel()
            await asyncio.gather(listening, working, return_exceptions=True)

    async def _work(self, client: ApiClient, plant: PlantClient) -> Shown:
        record = self._record
        await bring_up(client, plant, record, self._scenario)
        record.begin()
        day = Day(client, plant, record, self._scenario)
        async with self._sitting():
            await day.work()
        await self._verdict(client, plant)
        result = as_json(record.moves, self._picture())
        if self._wishes.stay:
            await self._stay()
        return Shown(record, result)

    async def _verdict(self, client: ApiClient, plant: PlantClient) -> None:
        """Compare what the controller believes with what is so."""
        truth = plant.call("truth")
        complaints = [f"crime at {crime['t']:.2f} s: {crime['text']}" for crime in truth["crimes"]]
        complaints += differences(await client.call("cars"), truth)
        complaints += [f"alarm {alarm['code']}: {alarm['text']}" for alarm in self._record.alarms]
        missing = len(self._scenario.order) - len(self._record.moves)
        if missing:
            complaints.append(f"{missing} moves were interrupted: they have no measured time")
        if complaints:
            raise DemoFailed("\n".join(complaints))

    def _picture(self) -> Path:
        record, wishes = self._record, self._wishes
        title = f"{self._scenario.title or wishes.scenario}: where the carriage was when"
        worst = worst_ratio(record.moves)
        subtitle = (
            f"{self._tower.title or self._tower.name}: {len(record.moves)} moves in {record.time_s:.0f} s, "
            f"profile {self._tower.profile}, worst measured / bound {worst or 0:.3f}"
        )
        text = run_svg(record.samples, self._tower.shape, title, subtitle)
        wishes.picture.parent.mkdir(parents=True, exist_ok=True)
        wishes.picture.write_text(text, encoding="utf-8")
        return wishes.picture

    @asynccontextmanager
    async def _sitting(self) -> AsyncIterator[None]:
        """Draw the tower while it works: when a car is on its way past the middle of the day, else at the end."""
        portrait = self._wishes.portrait
        if portrait is None:
            yield
            return
        half, record = len(self._scenario.order) // 2, self._record
        drawn = ""

        async def draw() -> None:
            nonlocal drawn
            await record.until(lambda: len(record.moves) >= half and _is_picturesque(record))
            drawn = tower_svg(record.status, self._tower.shape)

        painter = asyncio.create_task(draw())
        try:
            yield
        finally:
            painter.cancel()
            await asyncio.gather(painter, return_exceptions=True)
        portrait.parent.mkdir(parents=True, exist_ok=True)
        portrait.write_text(drawn or tower_svg(record.status, self._tower.shape), encoding="utf-8")

    async def _stay(self) -> None:
        self._watcher.end()
        for line in [*table(self._record.moves), "", *_hints(self._stage.run_dir)]:
            self._say(line)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _is_picturesque(record: Record) -> bool:
    job = record.status["job"]
    return job is not None and job["state"] == "POSITIONING_TO" and record.status["carriage"]["height_mm"] > 1000


def _hints(run_dir: Path) -> list[str]:
    return [
        "The tower stays up. In another terminal:",
        f"  export CARTOWER_RUN_DIR={run_dir}",
        "  cartower status                  what is where",
        "  cartower watch                   live",
        "  cartower retrieve C003 --wait    bring a car down; a customer will fetch it",
        "  cartower store --room 2 --car C099 && cartower-sim car arrive --room 2 --car C099",
        "  cartower-sim estop press         and then: cartower status",
        "Ctrl-C ends it.",
    ]
