"""The registry of faults: complete, unique, stable."""

import hashlib

import pytest

from controller.fault_codes import BY_NAME, FAULTS, FaultCode, Severity, lookup
from hal.interfaces import Verdict
from hal.plcmap.codes import Reason, Safety


def test_numbers_and_names_are_unique_and_ordered() -> None:
    assert len({fault.number for fault in FAULTS}) == len(BY_NAME) == len(FAULTS)
    assert [fault.number for fault in FAULTS] == sorted(fault.number for fault in FAULTS)


def test_every_reason_of_a_plc_is_a_fault() -> None:
    assert {reason.name for reason in Reason} - {"NONE"} <= set(BY_NAME)


def test_every_cause_of_the_safety_chain_is_a_safety_fault() -> None:
    causes = {str(cause.name) for cause in Safety} - {"CHAIN_CLOSED"}
    assert all(BY_NAME[cause].severity is Severity.SAFETY for cause in causes)


def test_every_outcome_that_is_no_reason_of_its_own_is_a_fault() -> None:
    assert {verdict.name for verdict in Verdict} - {"OK", "FAULT", "REFUSED"} <= set(BY_NAME)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_tells_a_person_what_to_do(fault: FaultCode) -> None:
    assert fault.text.endswith(".")
    assert fault.guidance.endswith(".")
    assert len(fault.text) < 80


def test_released_numbers_keep_their_meaning() -> None:
    """After adding at the end of a hundred: update the digest. A changed number of an old name is a mistake."""
    listing = "".join(f"{fault.number} {fault.name}\n" for fault in FAULTS)
    assert hashlib.sha256(listing.encode()).hexdigest()[:16] == "ab32d08f876511e6"
    assert (lookup("SAFETY"), lookup("JOB_PARKED")) == (BY_NAME["SAFETY"], BY_NAME["JOB_PARKED"])
    assert (BY_NAME["SAFETY"].number, BY_NAME["TIMEOUT"].number, BY_NAME["JOB_PARKED"].number) == (101, 501, 601)


def test_a_plain_refusal_is_no_fault() -> None:
    assert lookup("UNKNOWN_CAR") is None
