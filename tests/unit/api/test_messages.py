import json

import pytest

from controller.api import messages
from controller.api.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    REFUSED,
    ApiError,
    BadMessage,
    Notice,
    Reply,
    parse_call,
    parse_from_server,
)
from controller.domain.refusal import Refusal


def test_a_call_comes_through() -> None:
    call = parse_call(messages.call_line("retrieve", {"car": "粤A-12345"}, 7))
    assert (call.method, call.params, call.id, call.wants_answer) == ("retrieve", {"car": "粤A-12345"}, 7, True)


def test_a_call_without_id_wants_no_answer() -> None:
    assert not parse_call(b'{"jsonrpc":"2.0","method":"status"}').wants_answer


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (b"{", PARSE_ERROR, "not JSON at column"),
        (b"\xff{}", PARSE_ERROR, "not UTF-8 at byte 0"),
        (b'{"jsonrpc":"2.0","method":"a","params":{"x":NaN}}', PARSE_ERROR, "NaN is not JSON"),
        (b'{"jsonrpc":"2.0","method":"a","method":"b"}', PARSE_ERROR, "stands twice"),
        (b"[" * 100_000, PARSE_ERROR, "not JSON"),
        (b'{"jsonrpc":"2.0","method":"a","id":' + b"9" * 5000 + b"}", PARSE_ERROR, "not JSON"),
        (b"[]", INVALID_REQUEST, "batches are not served"),
        (b"7", INVALID_REQUEST, "one JSON object"),
        (b'{"method":"status","id":1}', INVALID_REQUEST, 'jsonrpc must be "2.0"'),
        (b'{"jsonrpc":"2.0","id":1}', INVALID_REQUEST, "method must be a text"),
        (b'{"jsonrpc":"2.0","method":"a","id":true}', INVALID_REQUEST, "id must be"),
        (b'{"jsonrpc":"2.0","method":"a","id":1.5}', INVALID_REQUEST, "id must be"),
        (b'{"jsonrpc":"2.0","method":"a","id":1,"params":[1]}', INVALID_PARAMS, "named parameters"),
    ],
)
def test_a_bad_call_is_told_what_is_wrong(line: bytes, code: int, says: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_call(line)
    assert caught.value.code == code
    assert says in caught.value.text


def test_a_bad_call_is_answered_to_its_id() -> None:
    with pytest.raises(BadMessage) as caught:
        parse_call(b'{"jsonrpc":"1.0","method":"a","id":"mine"}')
    assert caught.value.call_id == "mine"


def test_each_message_is_one_line() -> None:
    line = messages.result_line(1, {"text": "two\nlines"})
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_result_that_is_no_json_is_never_sent() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        messages.result_line(1, {"eta_s": float("nan")})


def test_a_refusal_keeps_its_rule_over_the_wire() -> None:
    reply = parse_from_server(messages.error_line(3, REFUSED, "no such car", {"rule": "UNKNOWN_CAR"}))
    assert isinstance(reply, Reply)
    with pytest.raises(Refusal) as caught:
        reply.unwrap()
    assert (caught.value.rule, caught.value.text) == ("UNKNOWN_CAR", "no such car")


def test_another_error_keeps_its_code() -> None:
    reply = parse_from_server(messages.error_line(3, INVALID_PARAMS, "parameter car: is missing"))
    assert isinstance(reply, Reply)
    with pytest.raises(ApiError, match="parameter car") as caught:
        reply.unwrap()
    assert caught.value.code == INVALID_PARAMS


def test_a_notice_comes_through() -> None:
    assert parse_from_server(messages.notice_line("event", {"id": 1})) == Notice("event", {"id": 1})


@pytest.mark.parametrize("body", [{}, [], {"id": 1}, {"id": 1, "result": 3}, {"method": "event"}])
def test_nonsense_from_a_server_is_named(body: object) -> None:
    with pytest.raises(BadMessage):
        parse_from_server(json.dumps(body).encode())
