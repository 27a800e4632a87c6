"""The program that the guide tells the PLC engineer to type, run as it stands there.

It is held beside the stations' own half of the mailbox on random frames, and driven by the controller's half over a
lossy link: whoever types it has a station that works.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from hal.plcmap.codec import ControllerBlock
from hal.plcmap.codes import Opcode, Reason, Result, serial_ahead
from hal.plcmap.frame import Content, Frame, crc16, join32_signed, split32
from sim_plc.program.epoch import EpochGate, EpochMemory
from sim_plc.program.handshake import Mailbox, MailboxMemory
from sim_plc.program.retained import next_boot
from sim_plc.rehearsal.loop import run
from tests.contract.test_mailbox_model import GROUPS, judge, live, random_plan
from tests.support import mailbox_plc
from tests.support.plc_guide import TypedMailbox, fences, program
from tests.support.samples import campaign
from tests.support.structured_text import compiled
from tests.support.structured_text_language import StructuredTextError

TYPED = program()
TEXT = "\n".join(fences("iecst"))
STARTS = (0, 1, 2, 30_000, 32_767, 32_768, 65_533, 65_534, 65_535)


class Pair:
    """The stations' mailbox and the typed one, told the same."""

    def __init__(self, rng: random.Random, typed: Any = TYPED) -> None:
        self.rng = rng
        start = rng.choice(STARTS)
        self.known = Mailbox(MailboxMemory(accepted=start, accepted_content=Content(Opcode.HOME)))
        self.typed = TypedMailbox(MailboxMemory(accepted=start, accepted_content=Content(Opcode.HOME)), typed=typed)
        self.words: tuple[int, ...] = (0,) * 11
        self.past: list[tuple[int, ...]] = []
        self.boot_id, self.epoch = rng.choice((7, 65_535)), 0x0003_0007
        self.seen: Counter[str] = Counter()

    def differs(self, acts: int) -> bool:
        """Live through some acts; tell whether the two showed anything different."""
        for _ in range(acts):
            self._write()
            for _ in range(self.rng.choice((1, 1, 2, 3, 4))):
                if not self._scan():
                    return True
            if self.rng.random() < 0.15:
                self._end()
            if self._state(self.known) != self._state(self.typed):
                return True
        return False

    def _write(self) -> None:
        rng, accepted = self.rng, self.known.memory.accepted
        sequence = (accepted + rng.choice((1, 1, 1, 1, 2, 3, 0, -1, 32_767, 32_768))) & 0xFFFF
        opcode = rng.choice((Opcode.MOVE_TO, Opcode.STOP, Opcode.STOP, Opcode.HOME))
        content = Content(opcode, rng.choice((0, 5, -5)), rng.choice((0, 203)), rng.choice((0, 2)))
        if sequence == accepted:
            content = replace(self.known.memory.accepted_content, **rng.choice(({}, {"expected_from": 9})))
        epoch, boot_id = self.epoch + rng.choice((0,) * 8 + (-1, 1)), self.boot_id - rng.choice((0,) * 8 + (1,))
        self.words = Frame.build(epoch=epoch, boot_id=boot_id, content=content, sequence=sequence).to_words()
        match rng.randrange(16):
            case 0 | 1 if self.past:
                self.words = rng.choice(self.past)
            case 2:
                torn = list(self.words)
                torn[rng.randrange(11)] ^= 1 << rng.randrange(16)
                self.words = tuple(torn)
            case 3:
                self.epoch += 1
            case 4:
                self.boot_id = next_boot(self.boot_id)
                self._restart()
        self.past.append(self.words)

    def _restart(self) -> None:
        self.known.close_after_restart()
        self.typed.close_after_restart()
        self.known = Mailbox(self.known.memory)
        self.typed = TypedMailbox(self.typed.memory, typed=self.typed.typed)
        self.words = (0,) * 11

    def _scan(self) -> bool:
        at = {"boot_id": self.boot_id, "epoch": self.epoch}
        command, typed = self.known.look(self.words, **at), self.typed.look(self.words, **at)
        if command != typed:
            return False
        if command is not None:
            refused = self.rng.random() < 0.2
            for box in (self.known, self.typed):
                if refused:
                    box.refuse(command, Reason.MAINTENANCE)
                elif not command.is_stop:
                    box.start(command)
            self.seen["STOP" if command.is_stop else "work"] += 1
        self.seen[self.known.untrusted.reason.name] += 1
        self.seen[f"{len(self.known.memory.stops)} stops"] += 1
        return self._state(self.known) == self._state(self.typed)

    def _end(self) -> None:
        result = self.rng.choice((Result.OK, Result.STOPPED, Result.FAULT))
        for box in (self.known, self.typed):
            if box.memory.running is not None:
                box.finish(result, Reason.NONE)
            box.finish_stops()

    @staticmethod
    def _state(box: Mailbox | TypedMailbox) -> tuple[object, ...]:
        return box.memory, box.untrusted, box.executing, box.newest


def test_it_judges_as_the_stations_do_on_random_frames() -> None:
    seen: Counter[str] = Counter()
    for seed in range(15):
        pair = Pair(random.Random(seed))
        assert not pair.differs(60), f"seed {seed}: {pair.known.memory} {pair.typed.memory} {pair.words}"
        seen += pair.seen
    for reached in ("STOP", "work", "CHECK_WORD", "BOOT_ID", "EPOCH", "CONTENT", "GAP", "2 stops", "3 stops"):
        assert seen[reached] > 10, (reached, seen)


MISTAKES = {
    "one scan is enough": ("    Look.Judged := FALSE;\n    RETURN;", "    Look.Judged := FALSE;"),
    "a torn frame shown at once": ("    IF Look.Stood < 3 THEN\n        RETURN;", "    IF FALSE THEN\n        RETURN;"),
    "the check word not looked at": ("IF NOT Look.Intact THEN", "IF FALSE THEN"),
    "the boot id not looked at": ("Words.W[2] <> BootId", "FALSE"),
    "the epoch not looked at": ("Low := Words.W[1]) <> Epoch", "Low := Words.W[1]) > Epoch"),
    "a gap taken": ("ELSIF Ahead = 1 THEN", "ELSIF Ahead > 0 THEN"),
    "STOP is work": ("ELSIF Ahead > 0 AND Words.W[3] = OPCODE_STOP", "ELSIF Ahead = 1 AND Words.W[3] = OPCODE_STOP"),
    "a ring with 0": ("Steps := Steps + 65535", "Steps := Steps + 65536"),
    "busy runs": ("Memory.Running.W[10] <> 0 OR Memory.StopCount > 0", "Memory.StopCount > 0"),
    "a fourth open one": ("IF OpenCount < 3 THEN", "IF OpenCount < 2 THEN"),
    "outcomes not moved on": ("FOR I := 4 TO 2 BY -1", "FOR I := 3 TO 2 BY -1"),
    "part of the content": ("FOR I := 3 TO 8 DO", "FOR I := 3 TO 7 DO"),
    "a refused STOP stays open": ("StopCount := Memory.StopCount - 1", "StopCount := Memory.StopCount"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_typing_is_found(mistake: str) -> None:
    right, wrong = MISTAKES[mistake]
    assert TEXT.count(right) == 1
    typed = program(TEXT.replace(right, wrong))
    assert any(_goes_wrong(seed, typed) for seed in range(20))


def _goes_wrong(seed: int, typed: Any) -> bool:
    try:
        return Pair(random.Random(seed), typed).differs(60)
    except (IndexError, OverflowError, AssertionError):
        return True


@pytest.mark.parametrize(
    ("group", "seeds"),
    [("restarts", range(1)), ("lost memory", range(1)), *campaign([*GROUPS], [range(1, 12)])],
)
def test_the_controller_works_with_it_through_every_trouble(
    group: str, seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_plc, "Mailbox", TypedMailbox)
    for seed in seeds:
        model = run(live(random_plan(seed, *GROUPS[group])))
        assert isinstance(model.plc.box, TypedMailbox)
        assert any(Result.OK in dict(outcomes) for outcomes in model.plc.results.values())
        judge(model)


def test_its_arithmetic_is_that_of_the_contract() -> None:
    rng = random.Random(5)
    numbers = [*STARTS, *(rng.randrange(1, 65_536) for _ in range(20))]
    call = TYPED.functions
    for a, b in product(numbers, repeat=2):
        if a:
            assert call["serialahead"](v_sequence=a, v_reference=b) == serial_ahead(a, b)
        assert call["signed32"](v_high=a, v_low=b) == join32_signed(a, b)
        assert call["unsigned32"](v_high=a, v_low=b) == a << 16 | b
    for a in numbers:
        assert call["nextboot"](v_bootid=a) == next_boot(a)
        assert call["crcword"](v_crc=0xFFFF, v_value=a) == crc16([a])


# The controller block

SCAN_MS = 125
"""A scan of which 1.5 s are a whole number in binary, too."""


def _blocks(rng: random.Random, memory: EpochMemory, beat: int) -> Iterator[ControllerBlock]:
    """Yield what is written before a scan: nothing, or one block."""
    if rng.random() < 0.5:
        epoch = max(0, memory.epoch + rng.choice((0, 0, 0, 0, 0, 1, -1)))
        owner = memory.owner if rng.random() < 0.8 else rng.randrange(4)
        age = rng.choice((0, 1, 1, 2, 11, 12, 13, 14, 40_000))
        yield ControllerBlock(epoch, owner, (beat - age) & 0xFFFF, rng.choice((0, 0, 1, 2)))


def test_it_hears_the_controller_as_the_stations_do() -> None:
    seen: Counter[tuple[bool, bool]] = Counter()
    for seed in range(12):
        rng = random.Random(seed)
        memory = EpochMemory(rng.choice((0, 0xFFFF_0000)), 1)
        gate = EpochGate(memory, scan_s=SCAN_MS / 1000, silence_s=1.5)
        kept, hear = TYPED.new("StationMemory"), TYPED.new("Hearing")
        kept["epoch"], kept["owner"] = memory.epoch, memory.owner
        block = ControllerBlock(0, 0, 0)
        first = rng.choice((1, 65_500))
        for k in range(first, first + 150):
            t, beat = k * SCAN_MS / 1000, k & 0xFFFF
            assert gate.heartbeat(t) == beat
            for block in _blocks(rng, memory, beat):
                gate.take(block, t)
            hears(kept, hear, block, beat)
            shown = (silent(hear), held(hear))
            assert (kept["epoch"], kept["owner"]) == (memory.epoch, memory.owner), (seed, k)
            assert shown == (gate.silent(t), gate.dead_man_held(t)), (seed, k)
            seen[shown] += 1
    assert len(seen) == 4
    assert min(seen.values()) > 5, seen


def hears(kept: Any, hear: Any, block: ControllerBlock, beat: int, *, scan_ms: int = SCAN_MS) -> bool:
    taken = TYPED.functions["takecontroller"](
        v_blockepoch=block.epoch,
        v_blockowner=block.owner,
        v_echo=block.heartbeat_echo,
        v_deadman=block.dead_man,
        v_heartbeat=beat,
        v_window=1500 // scan_ms,
        v_scanms=scan_ms,
        v_kept=kept,
        v_hear=hear,
    )
    return bool(taken)


def silent(hear: Any) -> bool:
    return bool(TYPED.functions["issilent"](v_hear=hear))


def held(hear: Any) -> bool:
    return bool(TYPED.functions["isdeadmanheld"](v_hear=hear))


def test_silence_begins_1500_ms_after_the_last_echo_and_one_of_the_future_never_ripens() -> None:
    kept, hear = TYPED.new("StationMemory"), TYPED.new("Hearing")
    future = ControllerBlock(1, 1, 105)
    assert all(hears(kept, hear, future, beat, scan_ms=10) and silent(hear) for beat in range(100, 300))
    assert hears(kept, hear, ControllerBlock(1, 1, 299), 300, scan_ms=10)
    block = ControllerBlock(1, 1, 299)
    heard = [hears(kept, hear, block, 301 + k, scan_ms=10) and not silent(hear) for k in range(160)]
    assert heard.index(False) == 149
    assert not any(heard[149:])


# Retained memory and the answer


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    else:
        yield path


def spoil(value: Any, path: tuple[Any, ...]) -> None:
    for key in path[:-1]:
        value = value[key]
    old = value[path[-1]]
    value[path[-1]] = (not old) if isinstance(old, bool) else old ^ 1


def kept_memory() -> tuple[Any, Any, Any]:
    live, a, b = (TYPED.new("StationMemory") for _ in range(3))
    live["bootid"], live["epoch"], live["mail"][0]["accepted"]["w"][10] = 65_535, 0x0003_0007, 41
    TYPED.functions["keepmemory"](v_live=live, v_copya=a, v_copyb=b)
    return live, a, b


def power_up(a: Any, b: Any) -> Any:
    live = TYPED.new("StationMemory")
    TYPED.functions["powerup"](v_random=4711, v_live=live, v_copya=a, v_copyb=b)
    return live


def test_every_word_of_a_copy_is_under_its_check_sum() -> None:
    _, whole, _ = kept_memory()
    paths = list(leaves(whole))
    assert len(paths) > 70
    for path in paths:
        a = kept_memory()[1]
        spoil(a, path)
        assert TYPED.functions["memorycheck"](v_kept=a) != a["crc"], path


def test_one_good_copy_is_enough_and_none_is_a_loss_that_a_person_acknowledges() -> None:
    for bad in ("a", "b"):
        _, a, b = kept_memory()
        spoil(a if bad == "a" else b, ("owner",))
        live = power_up(a, b)
        assert (live["bootid"], live["lost"], live["epoch"]) == (1, False, 0x0003_0007)
        assert a == b == live
    spoil(a, ("owner",))
    spoil(b, ("owner",))
    live = power_up(a, b)
    assert (live["bootid"], live["lost"], live["mail"][0]["accepted"]["w"][10]) == (4711, True, 0)
    again = power_up(a, b)
    assert (again["bootid"], again["lost"]) == (4712, True)
    TYPED.functions["localreset"](v_live=again, v_empty=TYPED.new("StationMemory"), v_copya=a, v_copyb=b)
    assert (again["bootid"], again["lost"]) == (4713, False)
    assert power_up(a, b)["bootid"] == 4714


def test_a_new_plc_comes_with_its_memory_lost() -> None:
    assert power_up(TYPED.new("StationMemory"), TYPED.new("StationMemory"))["lost"]


def test_what_ran_is_closed_at_power_up() -> None:
    live, a, b = kept_memory()
    live["mail"][0]["running"]["w"] = [0, 0, 0, 3, *split32(2500), 0, 0, 0, 77, 41]
    TYPED.functions["keepmemory"](v_live=live, v_copya=a, v_copyb=b)
    mail = power_up(a, b)["mail"][0]
    assert mail["running"]["w"][10] == 0
    assert mail["outcomes"][0] == {"sequence": 41, "check": 77, "result": Result.STOPPED_RESTART, "reason": 0}


@pytest.mark.parametrize("opcode", [Opcode.MOVE_TO, Opcode.JOG, Opcode.STOP])
def test_it_answers_in_the_order_of_the_stations(opcode: Opcode) -> None:
    did: list[str] = []
    frame, interlock = [0], [0]
    typed = program(
        yours={
            "FrameRefusal": lambda **_: frame[0],
            "InterlockRefusal": lambda **_: interlock[0],
            "StartMachine": lambda **_: did.append("start"),
            "StopMachine": lambda **_: did.append("stop"),
        }
    )
    for frame[0], lost, key, quiet, hand, interlock[0] in product(
        (0, Reason.ARGUMENT), *([(False, True)] * 4), (0, Reason.NOT_DOCKED)
    ):
        did.clear()
        memory = typed.new("MailMemory")
        memory["accepted"]["w"][3], memory["accepted"]["w"][10] = int(opcode), 1
        memory["stopcount"] = int(opcode is Opcode.STOP)
        told = {"v_memorylost": lost, "v_keyon": key, "v_silent": quiet, "v_deadmanheld": hand}
        typed.functions["mailboxanswer"](v_mailbox=1, v_memory=memory, **told)
        refusals: tuple[int, ...] = (
            frame[0],
            lost and Reason.MEMORY_LOST,
            key and Reason.MAINTENANCE,
            quiet and Reason.SILENT,
            opcode is Opcode.JOG and not hand and Reason.DEAD_MAN,
            interlock[0],
        )
        if opcode is Opcode.STOP:
            refusals = (key and Reason.MAINTENANCE,)
        reason = next((int(each) for each in refusals if each), 0)
        assert memory["outcomes"][0]["reason"] == reason
        assert did == ([] if reason else ["stop" if opcode is Opcode.STOP else "start"])
        assert memory["running"]["w"][10] == int(did == ["start"])
        assert memory["stopcount"] == int(did == ["stop"])


# The translator is strict


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("A := B;", "DINT where UINT"),
        ("A := 70000;", "no UINT"),
        ("A := A XOR 1;", "XOR of UINT"),
        ("A := C;", "no variable"),
        ("A := Test;", "read before"),
        ("I := 1; FOR I := 1 TO 2 DO I := 3; END_FOR;", "must not be assigned"),
        ("A := L[4];", "not in 1..3"),
        ("A := 0; A := A - 1;", "is no UINT"),
        ("Test := A;", "v_a"),
        ("IF A = 1 OR B = 1 THEN A := 1; END_IF;", "v_a"),
    ],
)
def test_what_a_plc_might_take_otherwise_is_refused(statement: str, why: str) -> None:
    text = f"""
    FUNCTION Test : UINT
    VAR A : UINT; B : DINT; I : INT; L : ARRAY[1..3] OF UINT; END_VAR
    {statement}
    Test := A;
    END_FUNCTION"""
    with pytest.raises((StructuredTextError, IndexError, OverflowError, NameError), match=why):
        compiled(text).functions["test"]()
