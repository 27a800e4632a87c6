"""Secrets are known by name, by look, or because they were seen before; all else stays."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cli.redact import HIDDEN, Redactor

PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBk\nAwEHoUQDQgAE\n-----END EC PRIVATE KEY-----"


def hidden(value: object, *, also: object = None) -> Any:
    redactor = Redactor()
    redactor.learn([value, also])
    return redactor.hide(value)


@pytest.mark.parametrize(
    "name",
    ["password", "db_passwd", "API-Key", "apikey", "token", "refreshToken", "client_secret", "key", "tls_key", "pin"],
)
def test_what_is_named_a_secret_is_hidden(name: str) -> None:
    assert hidden({name: "hunter-2"}) == {name: HIDDEN}
    assert hidden({name: ["hunter-2", {"of": 4711}]}) == {name: [HIDDEN, {"of": HIDDEN}]}


def test_what_is_not_there_is_seen_not_to_be_there() -> None:
    assert hidden({"key": "", "password": None, "maintenance_key": True}) == {
        "key": "",
        "password": None,
        "maintenance_key": True,
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (PEM, HIDDEN),
        (f"before {PEM} behind", f"before {HIDDEN} behind"),
        (PEM[:40], HIDDEN),
        ("https://ann:hunter-2@pay.example/x", f"https://ann:{HIDDEN}@pay.example/x"),
        ("Authorization: Bearer abc.def-123", f"Authorization: Bearer {HIDDEN}"),
        ("password=hunter-2 for room 3", f"password={HIDDEN} for room 3"),
        ("{'token': 'hunter-2', 'car': 'C1'}", f"{{'token': '{HIDDEN}', 'car': 'C1'}}"),
        ('{"api_key": "two words"}', f'{{"api_key": "{HIDDEN}"}}'),
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_a_text(text: str, left: str) -> None:
    assert hidden({"note": text}) == {"note": left}


def test_a_secret_that_was_seen_once_is_hidden_everywhere() -> None:
    assert hidden("opened with hunter-2-x", also={"password": "hunter-2"}) == f"opened with {HIDDEN}-x"
    assert hidden({"hunter-2": 1}, also="token=hunter-2") == {HIDDEN: 1}
    assert hidden("a pin of 1", also={"pin": 1}) == "a pin of 1", "too short to be looked for"


@pytest.mark.parametrize(
    "value",
    [
        {"bus": {"tower": {"host": "10.0.0.5", "port": 502, "certificate": "me.pem"}}},
        "tower/room1.outer_gate 7 OPEN planned: let in",
        "unit STOPPED: maintenance key",
        {"keys": 3, "monkey": "Bo", "passed": True, "turnkey": "yes", "position": 3},
    ],
)
def test_what_is_no_secret_stays(value: object) -> None:
    assert hidden(value) == value


@given(secret=st.text("abcdefgh0123456789+/=.-", min_size=6, max_size=30), around=st.text(max_size=20))
def test_no_named_secret_survives_anywhere(secret: str, around: str) -> None:
    value = {"password": secret, "rest": [f"{around}{secret}{around}", {secret: around}]}
    assert secret not in str(hidden(value))
