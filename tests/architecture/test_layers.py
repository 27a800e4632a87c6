"""Who may import whom: the house as it stands, and proof that each rule can fail."""

from pathlib import Path

import pytest

from tests.support import layers
from tests.support.source_tree import from_folder, from_texts

ROOT = Path(__file__).parents[2]


def test_the_house_keeps_its_rules() -> None:
    """One test for all of them: to read the house takes longer than to judge it, and each worker would read it."""
    house = from_folder(ROOT)
    assert {"controller.domain.travel", "hal.plcmap.registers", "config.schema", "sim_plc.image"} <= set(house)
    broken = {
        "nobody imports past a layer": layers.layer_complaints(house),
        "no station reads another station's image": layers.station_complaints(house),
        "each third party comes in by its door": layers.door_complaints(house),
        "time, chance and threads come through ports": layers.port_complaints(house),
        "nothing is unfinished, and production does not know its rehearsal": layers.word_complaints(house),
        "every production module says what it is": layers.silent_modules(house),
        "nothing is done at import": layers.import_complaints(house),
    }
    assert {rule: complaints for rule, complaints in broken.items() if complaints} == {}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        # 1
        ("controller/domain/a.py", "from controller.fsm import Rule"),
        ("controller/domain/a.py", "import hal.errors"),
        ("controller/domain/a.py", "from hal.plcmap import codes"),
        ("controller/machines/a.py", "from controller.store import journal"),
        ("controller/machines/a.py", "import hal.interfaces"),
        ("controller/activities/a.py", "from hal.modbus_link import ModbusLink"),
        ("controller/activities/a.py", "from hal import modbus_link"),
        ("controller/activities/a.py", "from hal.handshake import Mailbox"),
        ("controller/activities/a.py", "import controller.runtime.inbox"),
        ("controller/store/a.py", "import controller.machines.job"),
        ("controller/gateways/a.py", "import hal.errors"),
        # 2
        ("controller/runtime/a.py", "from controller.api import server"),
        ("controller/api/a.py", "from controller.runtime import control"),
        ("controller/cli/a.py", "from controller.runtime.inbox import Inbox"),
        ("controller/cli/a.py", "from controller.api.server import serve"),
        ("controller/cli/a.py", "import controller.store.journal"),
        ("controller/cli/a.py", "import hal.tower"),
        ("controller/web/a.py", "import controller.store"),
        ("controller/office/a.py", "import controller.activities"),
        # 3
        ("controller/cli/a.py", "from controller.app import run"),
        ("controller/runtime/a.py", "from controller import app"),
        ("controller/app.py", "import controller.office"),
        ("controller/app.py", "import controller.web"),
        ("controller/runtime/a.py", "from config.schema import Tower"),
        # 4
        ("hal/a.py", "import controller.domain.places"),
        ("hal/a.py", "from config import schema"),
        ("hal/plcmap/a.py", "from hal.errors import HalError"),
        ("config/a.py", "from hal.link import Link"),
        ("config/a.py", "import controller.settings"),
        # 5
        ("sim_plc/server.py", "from hal.modbus_link import ModbusLink"),
        ("sim_plc/plant/a.py", "from sim_plc.program import handshake"),
        ("sim_plc/program/a.py", "from sim_plc.plant.axis import Axis"),
        ("sim_plc/image.py", "from sim_plc.plant import plant"),
        ("sim_plc/rehearsal/a.py", "from controller.runtime import control"),
        ("sim_plc/rehearsal/a.py", "from hal.handshake import Mailbox"),
        ("sim_plc/demo.py", "import controller.domain.travel"),
        # 6
        ("controller/a/b.py", "import sim_plc.server"),
        ("hal/a.py", "if True:\n    from sim_plc import unit"),
        ("controller/app.py", "def late():\n    import tests.support.layers"),
        # Relative spellings are seen through.
        ("hal/plcmap/a.py", "from ..errors import HalError"),
        ("controller/domain/a.py", "from ..app import run"),
    ],
)
def test_an_import_past_a_layer_is_seen(path: str, line: str) -> None:
    assert len(layers.layer_complaints(from_texts({path: line}))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("controller/domain/a.py", "from controller.domain.places import Place"),
        ("controller/domain/a.py", "from . import places"),
        ("controller/machines/a.py", "from controller.fsm import Rule"),
        ("controller/activities/a.py", "from hal.plcmap.codes import Flag"),
        ("controller/cli/offline.py", "from controller.store.journal import Journal"),
        ("controller/app.py", "from hal.modbus_link import ModbusLink"),
        ("controller/settings.py", "from config import schema"),
        ("sim_plc/rehearsal/world.py", "from controller.app import compose"),
        ("sim_plc/demo.py", "from controller.api.client import Client"),
        ("config/a.py", "from hal.plcmap.registers import station_maps"),
        ("tests/unit/a.py", "import sim_plc.plant, controller.app, hal.link"),
    ],
)
def test_an_import_within_the_rules_is_let_through(path: str, line: str) -> None:
    assert layers.layer_complaints(from_texts({path: line})) == []


def test_a_room_without_a_rule_is_seen() -> None:
    assert "has no rule" in layers.layer_complaints(from_texts({"extras/a.py": ""}))[0]


def test_a_program_that_reads_two_stations_is_seen() -> None:
    both = {"sim_plc/program/a.py": "from sim_plc.image import TowerImage\nfrom sim_plc.image import BayLevelImage"}
    assert layers.station_complaints(from_texts(both))
    assert not layers.station_complaints(from_texts({"sim_plc/program/a.py": "from sim_plc.image import TowerImage"}))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("hal/scan.py", "from pymodbus.pdu import ModbusPDU"),
        ("hal/modbus_link.py", "from pymodbus.client import AsyncModbusTcpClient"),
        ("sim_plc/server.py", "import pymodbus.server"),
        ("sim_plc/control.py", "import pymodbus"),
        ("sim_plc/pty_line.py", "from pymodbus.framer.rtu import FramerRTU"),
        ("hal/link.py", "import serial"),
        ("controller/machines/job.py", "import transitions"),
        ("controller/runtime/a.py", "import sqlite3"),
        ("hal/scan.py", "import structlog"),
        ("controller/app.py", "import structlog\nstructlog.configure()"),
        ("controller/settings.py", "from pydantic import BaseModel"),
        ("hal/tower.py", "import click"),
        ("controller/domain/a.py", "import structlog"),
        ("hal/plcmap/a.py", "import pydantic"),
        ("controller/app.py", "import requests"),
    ],
)
def test_a_third_party_by_the_wrong_door_is_seen(path: str, line: str) -> None:
    assert layers.door_complaints(from_texts({path: line}))


def test_a_third_party_by_its_own_door_is_let_through() -> None:
    house = {
        "sim_plc/wire/functions.py": "from pymodbus.pdu import ModbusPDU",
        "hal/serial_port.py": "import serial",
        "controller/logs.py": "import structlog\nstructlog.configure()",
        "controller/app.py": "import structlog\nlog = structlog.get_logger()",
        "controller/store/database.py": "import sqlite3",
    }
    assert layers.door_complaints(from_texts(house)) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("controller/runtime/a.py", "import time\nnow = time.time()"),
        ("controller/runtime/a.py", "from time import time"),
        ("hal/scan.py", "import time\ntime.sleep(1)"),
        ("controller/runtime/a.py", "from datetime import datetime\ndatetime.now()"),
        ("controller/runtime/a.py", "import datetime\ndatetime.datetime.now()"),
        ("hal/scan.py", "import random\nrandom.randint(1, 2)"),
        ("sim_plc/plant/a.py", "from random import choice"),
        ("controller/runtime/a.py", "import uuid\nuuid.uuid4()"),
        ("controller/runtime/a.py", "from uuid import uuid4"),
        ("controller/runtime/a.py", "import threading"),
        ("hal/scan.py", "import os\nos.urandom(2)"),
        ("hal/scan.py", "import secrets\nsecrets.randbelow(2)"),
    ],
)
def test_time_chance_and_threads_past_a_port_are_seen(path: str, text: str) -> None:
    assert layers.port_complaints(from_texts({path: text}))


def test_a_seeded_generator_and_the_loop_s_clock_are_let_through() -> None:
    text = "import random\nrng = random.Random(7)\nrng.random()\nimport asyncio\nasyncio.get_running_loop().time()"
    assert layers.port_complaints(from_texts({"sim_plc/plant/a.py": text})) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("hal/a.py", "x = 1  # TO" + "DO: more"),
        ("tests/unit/a.py", "# FIX" + "ME"),
        ("controller/app.py", '"""Runs the simul' + 'ator."""'),
        ("hal/tower.py", "if simul" + "ating: pass"),
        ("controller/app.py", 'path = "sim' + '_plc"'),
        ("tests/unit/a.py", "import pytest\n@pytest.mark.sk" + "ip\ndef test(): ..."),
        ("tests/unit/a.py", "import pytest\npytest.xf" + "ail('flaky')"),
        ("tests/unit/a.py", "import pytest\npytest.importorsk" + "ip('x')"),
    ],
)
def test_words_that_must_not_stay_are_seen(path: str, text: str) -> None:
    assert layers.word_complaints(from_texts({path: text}))


def test_a_module_that_does_not_say_what_it_is_is_seen() -> None:
    assert layers.silent_modules(from_texts({"controller/mute.py": "A = 1"})) == ["controller/mute.py"]


@pytest.mark.parametrize("line", ["print('here')", "A = open('a')", "B: int = [exec('2')]"])
def test_what_is_done_at_import_is_seen(line: str) -> None:
    assert layers.import_complaints(from_texts({"controller/eager.py": line})) == ["controller/eager.py:1"]
