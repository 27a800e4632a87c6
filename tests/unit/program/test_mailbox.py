"""The PLC's half of the mailbox, rule by rule of the contract."""

import pytest

from hal.plcmap.codes import Opcode, Reason, Result, Untrusted
from hal.plcmap.frame import FRAME_WORDS, Content, Frame
from sim_plc.program.handshake import Command, Mailbox, MailboxMemory

Words = tuple[int, ...]
BOOT, EPOCH = 7, 0x0001_0001
MOVE = Content(Opcode.MOVE_TO, 2500, 203)
STOP = Content(Opcode.STOP)


def words(
    sequence: int, content: Content = MOVE, *, epoch: int = EPOCH, boot: int = BOOT, check: int | None = None
) -> Words:
    frame = list(Frame.build(epoch=epoch, boot_id=boot, content=content, sequence=sequence).to_words())
    if check is not None:
        frame[-2] = check
    return tuple(frame)


def look(box: Mailbox, frame: Words, times: int = 2, *, epoch: int = EPOCH) -> list[Command]:
    seen = [box.look(frame, boot_id=BOOT, epoch=epoch) for _ in range(times)]
    return [command for command in seen if command is not None]


def accepted_at(sequence: int, content: Content = MOVE) -> Mailbox:
    return Mailbox(MailboxMemory(accepted=sequence, accepted_check=1, accepted_content=content))


def outcomes(box: Mailbox) -> list[tuple[int, Result, Reason]]:
    return [(o.sequence, Result(o.result), Reason(o.reason)) for o in box.memory.outcomes]


def test_content_is_judged_when_it_reads_equal_in_two_scans() -> None:
    box = Mailbox()
    assert not look(box, words(1), 1)
    assert not box.settled
    (command,) = look(box, words(1), 1)
    assert (command.sequence, command.content) == (1, MOVE)
    assert box.memory.accepted == 1
    assert box.memory.accepted_check == words(1)[-2]
    assert not look(box, words(1), 5)


def test_content_that_changes_between_scans_is_not_judged() -> None:
    box = Mailbox()
    for argument in range(6):
        assert not look(box, words(1, Content(Opcode.MOVE_TO, argument)), 1)
    assert box.memory.accepted == 0


def test_sequence_zero_is_empty() -> None:
    box = Mailbox()
    assert not look(box, (0xFFFF,) * (FRAME_WORDS - 1) + (0,), 5)
    assert box.untrusted.count == 0
    assert box.settled


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (words(1, check=0x1234, boot=9, epoch=5), Untrusted.CHECK_WORD),
        (words(9, boot=9, epoch=5), Untrusted.BOOT_ID),
        (words(9, epoch=5), Untrusted.EPOCH),
        (words(9), Untrusted.GAP),
    ],
)
def test_order_of_judgement_and_nothing_consumed(frame: Words, reason: Untrusted) -> None:
    box = Mailbox()
    assert not look(box, frame, 4)
    assert box.untrusted.reason is reason
    assert (box.untrusted.sequence, box.untrusted.check) == (frame[-1], frame[-2])
    assert box.untrusted.count == 1
    assert box.memory == MailboxMemory()


def test_a_torn_frame_is_shown_only_if_it_stands_for_three_scans() -> None:
    box = Mailbox()
    torn = words(1, check=0x1234)
    look(box, torn, 2)
    assert box.untrusted.count == 0
    assert not box.settled
    look(box, torn, 1)
    assert box.untrusted.reason is Untrusted.CHECK_WORD
    assert box.settled


def test_the_same_again_is_known_even_under_another_epoch() -> None:
    box = Mailbox()
    assert look(box, words(1))
    box.refuse(Command(1, words(1)[-2], MOVE), Reason.SILENT)
    assert not look(box, words(1, epoch=EPOCH + 1), 4, epoch=EPOCH + 1)
    assert box.untrusted.count == 0
    assert len(box.memory.outcomes) == 1


@pytest.mark.parametrize(
    "other",
    [
        Content(Opcode.HOME, 2500, 203),
        Content(Opcode.MOVE_TO, 2501, 203),
        Content(Opcode.MOVE_TO, 2500, 204),
        Content(Opcode.MOVE_TO, 2500, 203, 2),
    ],
)
def test_the_accepted_sequence_with_other_content_is_untrusted(other: Content) -> None:
    box = accepted_at(5)
    assert not look(box, words(5, other), 4)
    assert box.untrusted.reason is Untrusted.CONTENT


@pytest.mark.parametrize("content", [MOVE, STOP])
def test_a_lower_sequence_is_outdated_and_silent(content: Content) -> None:
    box = accepted_at(5)
    for sequence in (4, 1, 5 + 0x8000):
        assert not look(box, words(sequence, content), 4)
    assert box.untrusted.count == 0
    assert box.memory.accepted == 5


def test_work_needs_the_next_sequence() -> None:
    box = accepted_at(5)
    assert not look(box, words(7))
    assert box.untrusted.reason is Untrusted.GAP
    assert look(box, words(6))


@pytest.mark.parametrize(("before", "after"), [(65535, 1), (65534, 65535), (0, 1)])
def test_the_ring_wraps_past_zero(before: int, after: int) -> None:
    assert look(accepted_at(before), words(after))


def test_half_the_ring_away_is_a_gap() -> None:
    box = accepted_at(1)
    look(box, words(1 + 0x7FFF))
    assert box.untrusted.reason is Untrusted.GAP


def test_work_while_another_runs_is_accepted_and_refused_busy() -> None:
    box = Mailbox()
    (command,) = look(box, words(1))
    box.start(command)
    assert not look(box, words(2))
    assert box.memory.accepted == 2
    assert box.executing == 1
    assert outcomes(box) == [(2, Result.REFUSED, Reason.BUSY)]
    box.finish(Result.OK)
    assert outcomes(box)[0] == (1, Result.OK, Reason.NONE)
    assert box.executing == 0


def test_a_stop_jumps_over_what_is_void_and_a_late_write_of_it_is_outdated() -> None:
    box = accepted_at(5)
    (stop,) = look(box, words(9, STOP))
    assert stop.is_stop
    assert box.memory.accepted == 9
    box.finish_stops()
    assert outcomes(box) == [(9, Result.OK, Reason.NONE)]
    assert not look(box, words(6), 4)
    assert box.memory.accepted == 9


def test_a_stop_while_a_command_runs_gets_its_own_outcome_after_it() -> None:
    box = Mailbox()
    (command,) = look(box, words(1))
    box.start(command)
    assert look(box, words(2, STOP))
    assert look(box, words(4, STOP))
    assert box.executing == 1
    assert not outcomes(box)
    box.finish(Result.STOPPED)
    box.finish_stops()
    assert outcomes(box) == [
        (4, Result.OK, Reason.NONE),
        (2, Result.OK, Reason.NONE),
        (1, Result.STOPPED, Reason.NONE),
    ]


def test_a_fourth_open_sequence_waits_in_its_registers() -> None:
    box = Mailbox()
    (command,) = look(box, words(1))
    box.start(command)
    assert look(box, words(2, STOP))
    assert look(box, words(3, STOP))
    assert not look(box, words(4, STOP), 4)
    assert box.memory.accepted == 3
    box.finish(Result.STOPPED)
    box.finish_stops()
    assert look(box, words(4, STOP), 1)


def test_work_behind_an_open_stop_is_busy() -> None:
    box = Mailbox()
    look(box, words(1, STOP))
    assert not look(box, words(2))
    assert outcomes(box) == [(2, Result.REFUSED, Reason.BUSY)]


def test_a_frame_that_waits_for_its_epoch_is_judged_again_when_it_comes_into_force() -> None:
    box = Mailbox()
    later = words(1, epoch=EPOCH + 1)
    assert not look(box, later, 4)
    assert look(box, later, 1, epoch=EPOCH + 1)


def test_a_distrust_counts_once_for_as_long_as_the_frame_stands() -> None:
    box = Mailbox()
    look(box, words(3), 10)
    look(box, words(4), 10)
    assert box.untrusted.count == 2


def test_the_last_four_outcomes_are_kept_newest_first() -> None:
    box = Mailbox()
    for sequence in range(1, 7):
        (command,) = look(box, words(sequence))
        box.start(command)
        box.finish(Result.OK)
    assert [o.sequence for o in box.memory.outcomes] == [6, 5, 4, 3]
    assert box.newest.check == words(6)[-2]


def test_a_restart_closes_every_open_sequence_and_resumes_nothing() -> None:
    box = Mailbox()
    (command,) = look(box, words(1))
    box.start(command)
    look(box, words(2, STOP))
    again = Mailbox(box.memory)
    again.close_after_restart()
    assert outcomes(again) == [
        (2, Result.STOPPED_RESTART, Reason.NONE),
        (1, Result.STOPPED_RESTART, Reason.NONE),
    ]
    assert again.executing == 0
    assert not look(again, words(1), 4)


def test_finish_without_a_command_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Mailbox().finish(Result.OK)
