"""Appointments in the book, and journals of before there were any."""

import json
from dataclasses import replace

import pytest

from controller.domain.appointments import Appointment, AppointmentState, waits_since
from controller.domain.book import FINISHED_KEPT, Book
from controller.domain.dispatch import priority
from controller.domain.jobs import Job, JobKind, JobState
from controller.domain.records import AppointmentSet, JobSet, from_entry, to_entry

BOOKED = Appointment(7, "C7", 1_800_000_000.0, None, booked_at=1_799_000_000.0, requested_by="7:kim")
JOB = Job(3, JobKind.RETRIEVE, "C3", 203, None, None, JobState.QUEUED, due=1_800_000_000.0)


def test_an_appointment_survives_entry_and_snapshot() -> None:
    book = Book.empty((101, 203))
    kind, body = to_entry(AppointmentSet(BOOKED))
    book.apply(from_entry(kind, json.loads(json.dumps(body))))
    assert book.appointment_of_car("C7") == BOOKED
    assert book.last_job == 7, "its number is from the count of jobs"
    again = Book.from_body(json.loads(json.dumps(book.to_body())))
    assert again.appointments == {7: BOOKED}


def test_when_a_customer_is_expected_survives_and_one_kept_before_there_was_such_a_word_reads_on() -> None:
    told = replace(BOOKED, expected=BOOKED.due - 120.0)
    kind, body = to_entry(AppointmentSet(told))
    assert from_entry(kind, json.loads(json.dumps(body))) == AppointmentSet(told)
    kind, body = to_entry(AppointmentSet(BOOKED))
    old = {key: value for key, value in json.loads(json.dumps(body))["appointment"].items() if key != "expected"}
    assert from_entry(kind, {"appointment": old}) == AppointmentSet(BOOKED)


@pytest.mark.parametrize(("said_s", "comes_s", "grace_s"), [(None, 0, 0), (-120, -120, 0), (120, 120, 120)])
def test_a_customer_comes_when_they_have_said_and_the_grace_begins_no_earlier_than_the_appointment(
    said_s: float | None, comes_s: float, grace_s: float
) -> None:
    it = replace(BOOKED, expected=None if said_s is None else BOOKED.due + said_s)
    assert (it.comes - it.due, it.grace_from - it.due) == (comes_s, grace_s)


@pytest.mark.parametrize("state", [s for s in AppointmentState if s is not AppointmentState.BOOKED])
def test_one_that_has_ended_is_nobodys_and_stays_to_be_looked_up(state: AppointmentState) -> None:
    book, ended = Book.empty((101, 203)), Appointment(7, "C7", BOOKED.due, None, state)
    book.apply(AppointmentSet(BOOKED))
    book.apply(AppointmentSet(replace(ended, back=True)))
    assert (book.appointments, book.ended_appointments) == ({7: replace(ended, back=True)}, {})
    book.apply(AppointmentSet(ended))
    assert book.appointment_of_car("C7") is None
    assert book.last_job == 7
    assert book.ended_appointments == {7: ended}
    assert Book.from_body(json.loads(json.dumps(book.to_body()))).ended_appointments == {7: ended}


def test_of_those_that_have_ended_the_newest_stay() -> None:
    book = Book.empty((101, 203))
    for number in range(FINISHED_KEPT + 3):
        book.apply(AppointmentSet(replace(BOOKED, id=number, state=AppointmentState.MET)))
    assert list(book.ended_appointments) == list(range(3, FINISHED_KEPT + 3))


def test_journals_of_before_there_were_appointments_read_on() -> None:
    kind, body = to_entry(JobSet(JOB))
    old = {key: value for key, value in json.loads(json.dumps(body))["job"].items() if key != "due"}
    [job] = [record.job for record in (from_entry(kind, {"job": old}),) if isinstance(record, JobSet)]
    assert job.due is None
    newer = ("appointments", "ended_appointments")
    snapshot = {key: value for key, value in Book.empty((101,)).to_body().items() if key not in newer}
    book = Book.from_body(snapshot)
    assert (book.appointments, book.ended_appointments) == ({}, {})


@pytest.mark.parametrize(("came", "due", "since"), [(50.0, None, 50.0), (50.0, 90.0, 90.0), (95.0, 90.0, 95.0)])
def test_a_wait_counts_from_coming_and_not_before_the_appointment(came: float, due: float | None, since: float) -> None:
    assert waits_since(came, due) == since


def test_who_has_an_appointment_weighs_more_from_its_time_on_and_the_later_the_more() -> None:
    assert priority.of_appointment(-1.0) == priority.CUSTOMER
    weights = [priority.of_appointment(waited_s) for waited_s in (0.0, 100.0, 300.0, 600.0, 6000.0)]
    assert weights == sorted(weights)
    assert (weights[0], weights[-1]) == (priority.ON_TIME, priority.LATEST)
    assert priority.OPERATOR < priority.CUSTOMER < priority.ON_TIME
