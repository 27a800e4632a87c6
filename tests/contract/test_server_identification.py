"""Function 43 / 14, Read Device Identification (application protocol V1.1b3, section 6.21): bytes typed by hand."""

import pytest

from sim_plc.unit import ModbusRefusal
from sim_plc.wire.functions import answer
from sim_plc.wire.identification import IDENTITY, Identity
from tests.support.registers import Registers

SMALL = Identity({0: b"Acme", 1: b"X1", 2: b"2.0"})
REGULAR = Identity({**SMALL.objects, 4: b"Lift"})
FULL = Identity({**REGULAR.objects, 6: b"Tower", 0x80: b"A", 0xC8: b"Z"})

ACME, X1, V2 = "00 04 41 63 6D 65", "01 02 58 31", "02 03 32 2E 30"
LIFT, TOWER, A, Z = "04 04 4C 69 66 74", "06 05 54 6F 77 65 72", "80 01 41", "C8 01 5A"


def asked(identity: Identity, request: str) -> str:
    return answer(Registers(), bytes.fromhex(request), identity).hex(" ").upper()


@pytest.mark.parametrize(
    ("identity", "request_", "answer_"),
    [
        # Stream access, from the beginning: each category begins with the lower ones.
        (FULL, "2B 0E 01 00", f"2B 0E 01 83 00 00 03 {ACME} {X1} {V2}"),
        (FULL, "2B 0E 02 00", f"2B 0E 02 83 00 00 05 {ACME} {X1} {V2} {LIFT} {TOWER}"),
        (FULL, "2B 0E 03 00", f"2B 0E 03 83 00 00 07 {ACME} {X1} {V2} {LIFT} {TOWER} {A} {Z}"),
        # Stream access, from an object on.
        (FULL, "2B 0E 01 02", f"2B 0E 01 83 00 00 01 {V2}"),
        (FULL, "2B 0E 02 04", f"2B 0E 02 83 00 00 02 {LIFT} {TOWER}"),
        (FULL, "2B 0E 03 80", f"2B 0E 03 83 00 00 02 {A} {Z}"),
        # Stream access from an object that is not there, or not in the category: restart at the beginning.
        (FULL, "2B 0E 01 77", f"2B 0E 01 83 00 00 03 {ACME} {X1} {V2}"),
        (FULL, "2B 0E 02 05", f"2B 0E 02 83 00 00 05 {ACME} {X1} {V2} {LIFT} {TOWER}"),
        (FULL, "2B 0E 01 80", f"2B 0E 01 83 00 00 03 {ACME} {X1} {V2}"),
        # Above the conformity level: what there is, with that level.
        (SMALL, "2B 0E 03 00", f"2B 0E 03 81 00 00 03 {ACME} {X1} {V2}"),
        (REGULAR, "2B 0E 03 00", f"2B 0E 03 82 00 00 04 {ACME} {X1} {V2} {LIFT}"),
        # Individual access.
        (FULL, "2B 0E 04 00", f"2B 0E 04 83 00 00 01 {ACME}"),
        (FULL, "2B 0E 04 C8", f"2B 0E 04 83 00 00 01 {Z}"),
        (SMALL, "2B 0E 04 02", f"2B 0E 04 81 00 00 01 {V2}"),
    ],
)
def test_objects_by_stream_and_one_by_one(identity: Identity, request_: str, answer_: str) -> None:
    assert asked(identity, request_) == answer_


@pytest.mark.parametrize(
    ("request_", "answer_"),
    [
        ("2B 0E 04 03", "AB 02"),
        ("2B 0E 04 81", "AB 02"),
        ("2B 0E 00 00", "AB 03"),
        ("2B 0E 05 00", "AB 03"),
        ("2B 0E FF 03", "AB 03"),
        ("2B", "AB 03"),
        ("2B 0E", "AB 03"),
        ("2B 0E 01", "AB 03"),
        ("2B 0E 01 00 00", "AB 03"),
        ("2B 0D 00 00", "AB 01"),
        ("2B 0F 01 00", "AB 01"),
        ("2B 00", "AB 01"),
    ],
)
def test_refusals(request_: str, answer_: str) -> None:
    assert asked(FULL, request_) == answer_


def test_what_does_not_fit_follows() -> None:
    wide = Identity({0: b"v" * 100, 1: b"p" * 100, 2: b"r" * 40, 3: b"u" * 244, 0x80: b"x" * 200, 0x81: b"y" * 44})
    head = "2B 0E 03 83"
    assert asked(wide, "2B 0E 03 00") == f"{head} FF 03 03 00 64{' 76' * 100} 01 64{' 70' * 100} 02 28{' 72' * 40}"
    assert asked(wide, "2B 0E 03 03") == f"{head} FF 80 01 03 F4{' 75' * 244}"
    assert asked(wide, "2B 0E 03 80") == f"{head} FF 81 01 80 C8{' 78' * 200}"
    assert asked(wide, "2B 0E 03 81") == f"{head} 00 00 01 81 2C{' 79' * 44}"
    # A category that ends where the answer ends is complete.
    assert asked(wide, "2B 0E 01 00")[12:17] == "00 00"
    # One object alone is never followed.
    assert asked(wide, "2B 0E 04 03") == f"2B 0E 04 83 00 00 01 03 F4{' 75' * 244}"


def test_an_answer_may_be_full_to_the_last_byte() -> None:
    brim = Identity({0: b"v" * 200, 1: b"p" * 30, 2: b"r" * 10})
    assert len(bytes.fromhex(asked(brim, "2B 0E 01 00"))) == 253
    assert asked(brim, "2B 0E 01 00")[12:17] == "00 00"
    over = Identity({**brim.objects, 2: b"r" * 11})
    assert asked(over, "2B 0E 01 00")[12:17] == "FF 02"


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        ({0: b"v", 2: b"r"}, "mandatory"),
        ({**SMALL.objects, 7: b"?"}, "0x7 is reserved"),
        ({**SMALL.objects, 0x7F: b"?"}, "0x7f is reserved"),
        ({**SMALL.objects, 0x80: b"x" * 245}, "0x80 has 245 bytes, an answer holds 244"),
    ],
)
def test_what_no_device_can_be_is_refused(objects: dict[int, bytes], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Identity(objects)


def test_a_refusal_is_the_stations_kind() -> None:
    with pytest.raises(ModbusRefusal):
        FULL.answer(b"\x0e\x04\x03")


def test_the_stations_here_name_their_register_map() -> None:
    assert IDENTITY.conformity == 0x83
    assert asked(IDENTITY, "2B 0E 04 00") == "2B 0E 04 83 00 00 01 00 08 63 61 72 74 6F 77 65 72"
    assert bytes.fromhex(asked(IDENTITY, "2B 0E 04 80")).endswith(b"register map 1")
