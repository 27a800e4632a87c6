"""The rows of the contract's table of unknown outcomes, each alone and then against those below it."""

from dataclasses import replace

import pytest

from hal.outcome_table import Intent, Row, View, judge, wants_history
from hal.plcmap import codes
from hal.plcmap.codec import PastOutcome, Status

N = 40
OURS, STOPS, ALIEN = 0xAAAA, 0xBBBB, 0xCCCC

INTENT = Intent(sequence=N, is_stop=False, checks=frozenset({OURS, 0xA1}), boot_ids=frozenset({7}), newest_epoch=2)
BEFORE = Status(codes.State.STANDSTILL, 0, N - 1, 0x1111, 0, N - 1, codes.Result.OK, 0, codes.Flag(0))
VIEW = View(
    own_epoch=2,
    epoch_in_force=2,
    boot_id=7,
    memory_lost=False,
    status=BEFORE,
    highest=N,
    history=(PastOutcome(N - 1, 0x1111, codes.Result.OK, 0),),
)
RUNNING = replace(BEFORE, accepted=N, accepted_check=OURS, executing=N)
DONE = replace(
    RUNNING, executing=0, outcome_sequence=N, result=codes.Result.FAULT, reason=codes.Reason.DRIVE
)
STOPPED_BEHIND = replace(
    BEFORE, accepted=N + 1, accepted_check=STOPS, outcome_sequence=N + 1, result=codes.Result.OK
)
STOP_DONE = PastOutcome(N + 1, STOPS, codes.Result.OK, 0)
JUMPED = replace(VIEW, status=STOPPED_BEHIND, highest=N + 1, history=(STOP_DONE, *VIEW.history))


def test_a_higher_epoch_in_force_is_another_master_whatever_else_is_shown() -> None:
    assert judge(INTENT, replace(VIEW, epoch_in_force=3, status=DONE)).row is Row.FOREIGN


def test_an_accepted_sequence_that_was_never_written_is_another_master() -> None:
    assert judge(INTENT, replace(JUMPED, highest=N)).row is Row.FOREIGN


def test_an_outcome_with_our_check_word_is_taken() -> None:
    finding = judge(INTENT, replace(VIEW, status=DONE, memory_lost=True))
    assert (finding.row, finding.result, finding.reason) == (Row.FINISHED, codes.Result.FAULT, codes.Reason.DRIVE)


def test_the_outcome_of_a_frame_sent_again_is_taken_by_its_other_check_word() -> None:
    assert judge(INTENT, replace(VIEW, status=replace(DONE, accepted_check=0xA1))).row is Row.FINISHED


def test_an_outcome_behind_a_stop_is_found_in_the_history() -> None:
    kept = (STOP_DONE, PastOutcome(N, OURS, codes.Result.STOPPED, 0))
    finding = judge(INTENT, replace(JUMPED, history=kept))
    assert (finding.row, finding.result) == (Row.FINISHED, codes.Result.STOPPED)


def test_an_outcome_with_another_check_word_is_nobodys() -> None:
    assert judge(INTENT, replace(VIEW, status=replace(DONE, accepted_check=ALIEN))).row is Row.ALIEN
    kept = (STOP_DONE, PastOutcome(N, ALIEN, codes.Result.OK, 0))
    assert judge(INTENT, replace(JUMPED, history=kept)).row is Row.ALIEN


def test_a_sequence_jumped_over_by_a_stop_never_ran() -> None:
    assert judge(INTENT, JUMPED).row is Row.JUMPED


def test_a_stop_that_has_no_outcome_yet_proves_nothing() -> None:
    ramping = replace(STOPPED_BEHIND, executing=N, outcome_sequence=N - 1)
    assert judge(INTENT, replace(JUMPED, status=ramping, history=VIEW.history)).row is Row.RUNNING
    ending = replace(ramping, executing=0)
    assert judge(INTENT, replace(JUMPED, status=ending, history=VIEW.history)).row is Row.RUNNING


def test_a_history_that_does_not_reach_back_proves_nothing() -> None:
    kept = tuple(PastOutcome(N + i, STOPS, codes.Result.OK, 0) for i in (4, 3, 2, 1))
    status = replace(STOPPED_BEHIND, accepted=N + 4, outcome_sequence=N + 4)
    view = replace(JUMPED, status=status, highest=N + 4, history=kept)
    assert judge(INTENT, view).row is Row.FORGOTTEN
    reaching = (*kept[:3], PastOutcome(N - 1, 0x1111, codes.Result.OK, 0))
    assert judge(INTENT, replace(view, history=reaching)).row is Row.JUMPED


def test_a_jump_shown_by_a_station_without_memory_proves_nothing() -> None:
    assert judge(replace(INTENT, boot_ids=frozenset()), replace(JUMPED, memory_lost=True)).row is Row.MEMORY_LOST
    assert judge(INTENT, replace(JUMPED, memory_lost=True, boot_id=900)).row is Row.MEMORY_LOST
    assert judge(replace(INTENT, lost=True), JUMPED).row is Row.MEMORY_LOST


@pytest.mark.parametrize("accepted", [0, 1, N - 2])
def test_a_station_behind_the_predecessor_has_lost_its_memory_even_without_the_flag(accepted: int) -> None:
    view = replace(VIEW, boot_id=8, status=replace(BEFORE, accepted=accepted))
    assert judge(INTENT, view).row is Row.MEMORY_LOST


@pytest.mark.parametrize("sequence", [1, N])
def test_a_boot_id_that_did_not_rise_by_power_ups_tells_of_a_lost_memory(sequence: int) -> None:
    first = replace(INTENT, sequence=sequence)
    view = replace(VIEW, highest=sequence, status=replace(BEFORE, accepted=sequence - 1), history=())
    assert judge(first, view).row is Row.UNDELIVERED
    assert judge(first, replace(view, boot_id=8)).row is Row.RESTARTED
    for strange in (6, 900, 31_000):
        assert judge(first, replace(view, boot_id=strange)).row is Row.MEMORY_LOST
    at_the_wrap = replace(first, boot_ids=frozenset({65_535}))
    assert judge(at_the_wrap, replace(view, boot_id=1)).row is Row.RESTARTED


def test_a_restart_before_it_was_accepted_makes_it_void() -> None:
    assert judge(INTENT, replace(VIEW, boot_id=8)).row is Row.RESTARTED
    assert judge(INTENT, replace(VIEW, boot_id=8, memory_lost=True)).row is Row.MEMORY_LOST


def test_what_was_written_behind_the_loss_is_answered_by_the_station() -> None:
    assert judge(INTENT, replace(VIEW, memory_lost=True)).row is Row.UNDELIVERED
    assert judge(INTENT, replace(JUMPED, memory_lost=True)).row is Row.JUMPED


def test_accepted_and_executing_is_running() -> None:
    assert judge(INTENT, replace(VIEW, status=RUNNING)).row is Row.RUNNING
    assert judge(INTENT, replace(VIEW, status=replace(RUNNING, accepted_check=ALIEN))).row is Row.ALIEN


def test_running_on_beside_a_command_that_was_refused_as_busy() -> None:
    busy = replace(RUNNING, accepted=N + 1, accepted_check=STOPS, outcome_sequence=N + 1)
    assert judge(INTENT, replace(VIEW, status=busy, highest=N + 1, history=(STOP_DONE,))).row is Row.RUNNING


def test_not_accepted_under_our_epoch_is_not_delivered() -> None:
    finding = judge(INTENT, VIEW)
    assert (finding.row, finding.fenced) == (Row.UNDELIVERED, False)


def test_a_higher_epoch_of_our_own_fences_off_what_was_not_accepted() -> None:
    finding = judge(INTENT, replace(VIEW, own_epoch=3, epoch_in_force=3))
    assert (finding.row, finding.fenced) == (Row.UNDELIVERED, True)


def test_no_view_is_a_link_that_is_down() -> None:
    assert judge(INTENT, None).row is Row.LINK_DOWN


def test_a_stop_may_lie_two_sequences_further() -> None:
    stop = replace(INTENT, sequence=N + 2, is_stop=True)
    assert judge(stop, replace(VIEW, highest=N + 2)).row is Row.UNDELIVERED
    assert judge(replace(stop, is_stop=False), replace(VIEW, highest=N + 2)).row is Row.MEMORY_LOST


def test_the_rows_hold_over_the_wrap() -> None:
    last = replace(INTENT, sequence=65535)
    status = replace(STOPPED_BEHIND, accepted=1, outcome_sequence=1)
    kept = (PastOutcome(1, STOPS, codes.Result.OK, 0), PastOutcome(65534, 0x1111, codes.Result.OK, 0))
    assert judge(last, replace(JUMPED, status=status, highest=1, history=kept)).row is Row.JUMPED
    first = replace(INTENT, sequence=1)
    before = replace(BEFORE, accepted=65535)
    assert judge(first, replace(VIEW, status=before, highest=1)).row is Row.UNDELIVERED


def test_the_history_is_read_only_where_the_fast_block_cannot_tell() -> None:
    assert wants_history(INTENT, STOPPED_BEHIND)
    assert not wants_history(INTENT, DONE)
    assert not wants_history(INTENT, BEFORE)
    assert not wants_history(INTENT, replace(STOPPED_BEHIND, executing=N))
    masked = replace(RUNNING, executing=0)
    assert wants_history(INTENT, masked)
    assert not wants_history(replace(INTENT, is_stop=True), masked)
    assert not wants_history(INTENT, RUNNING)


def test_a_busy_refusal_is_found_behind_the_outcome_of_what_ran_then() -> None:
    masked = replace(RUNNING, executing=0, outcome_sequence=N - 1)
    kept = (PastOutcome(N - 1, 0x1111, codes.Result.OK, 0), PastOutcome(N, OURS, codes.Result.REFUSED, 5))
    finding = judge(INTENT, replace(VIEW, status=masked, history=kept))
    assert (finding.row, finding.result, finding.reason) == (Row.FINISHED, codes.Result.REFUSED, codes.Reason.BUSY)
