"""JSON-RPC 2.0 over a stream: one object a line, UTF-8, told apart by a newline.

Stdlib only, so that a short-lived client starts quickly. Used by both ends.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from controller.domain.refusal import Refusal

MAX_LINE: Final = 1 << 20
"""Longest line in bytes, without its newline."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
REFUSED: Final = -32010
"""A rule forbids the request; ``data.rule`` names it. Nothing has changed."""

CallId = int | str | None


class ApiError(Exception):
    """The other end answers with an error that is no refusal by a rule, or breaks the protocol.

    ``code`` is the JSON-RPC error code.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class NotReachable(ApiError, ConnectionError):
    """Nobody listens at the socket, or the connection was lost: what was asked for may or may not have happened."""

    def __init__(self, text: str) -> None:
        super().__init__(INTERNAL_ERROR, text)


class BadMessage(ValueError):
    """A line or its parameters are not what the protocol asks for; nothing was done.

    ``code`` is the JSON-RPC error code to answer with, ``call_id`` the id to answer to, as far as it could be read.
    """

    def __init__(self, code: int, text: str, call_id: CallId = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.call_id = call_id


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks for. ``wants_answer`` is false for a notification, which is never answered."""

    method: str
    params: Mapping[str, Any]
    id: CallId = None
    wants_answer: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers: a result, or an error object."""

    id: CallId
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    def unwrap(self) -> Mapping[str, Any]:
        """Return the result.

        Raises:
            Refusal: a rule forbids what was asked for; nothing has changed.
            ApiError: any other error.

        """
        if self.error is None:
            return self.result
        code, text = self.error.get("code"), str(self.error.get("message", "error without a message"))
        data = self.error.get("data")
        if code == REFUSED and isinstance(data, dict):
            raise Refusal(str(data.get("rule", "UNNAMED")), text)
        raise ApiError(code if isinstance(code, int) else INTERNAL_ERROR, text)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a server tells unasked: ``status`` or ``event``."""

    method: str
    params: Mapping[str, Any]


def call_line(method: str, params: Mapping[str, object], call_id: int) -> bytes:
    """Return the line of a call."""
    return _line({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params})


def result_line(call_id: CallId, result: Mapping[str, object]) -> bytes:
    """Return the line of a result."""
    return _line({"jsonrpc": "2.0", "id": call_id, "result": result})


def error_line(call_id: CallId, code: int, text: str, data: Mapping[str, object] | None = None) -> bytes:
    """Return the line of an error."""
    error: dict[str, object] = {"code": code, "message": text}
    if data is not None:
        error["data"] = data
    return _line({"jsonrpc": "2.0", "id": call_id, "error": error})


def notice_line(method: str, params: Mapping[str, object]) -> bytes:
    """Return the line of a notice."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def parse_call(line: bytes) -> Call:
    """Read the line of a call.

    Raises:
        BadMessage: not JSON, not a JSON-RPC 2.0 call, or parameters that are not an object.

    """
    body = _parse(line)
    if not isinstance(body, dict):
        hint = ": batches are not served, send one call a line" if isinstance(body, list) else ""
        raise BadMessage(INVALID_REQUEST, f"a call must be one JSON object{hint}")
    call_id = _id_of(body)
    if body.get("jsonrpc") != "2.0":
        raise BadMessage(INVALID_REQUEST, 'jsonrpc must be "2.0"', call_id)
    method, params = body.get("method"), body.get("params", {})
    if not isinstance(method, str):
        raise BadMessage(INVALID_REQUEST, "method must be a text", call_id)
    if not isinstance(params, dict):
        raise BadMessage(INVALID_PARAMS, "params must be an object with named parameters", call_id)
    return Call(method, params, call_id, wants_answer="id" in body)


def parse_from_server(line: bytes) -> Reply | Notice:
    """Read a line that a server sent.

    Raises:
        BadMessage: neither a reply nor a notice.

    """
    body = _parse(line)
    if not isinstance(body, dict):
        raise BadMessage(INVALID_REQUEST, "not a JSON-RPC message")
    params = body.get("params")
    if isinstance(body.get("method"), str) and isinstance(params, dict):
        return Notice(body["method"], params)
    result, error = body.get("result"), body.get("error")
    if isinstance(error, dict):
        return Reply(_id_of(body), error=error)
    if isinstance(result, dict):
        return Reply(_id_of(body), result)
    raise BadMessage(INVALID_REQUEST, "neither a reply nor a notice")


def unreachable(path: Path, error: OSError) -> NotReachable:
    """Return what to tell a person whose daemon cannot be reached."""
    match error:
        case FileNotFoundError() | ConnectionRefusedError():
            return NotReachable(f"no daemon listens at {path}: is `cartower run` running with this run directory?")
        case PermissionError():
            return NotReachable(f"no leave to use {path}: only its owner and its group have")
        case _:
            return NotReachable(f"cannot connect to {path}: {error.strerror or error}")


def _line(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_constant)
    except BadMessage:
        raise
    except UnicodeDecodeError as error:
        raise BadMessage(PARSE_ERROR, f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadMessage(PARSE_ERROR, f"not JSON at column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BadMessage(PARSE_ERROR, f"not JSON that can be read: {error}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise BadMessage(PARSE_ERROR, "a name stands twice in one object")
    return body


def _no_constant(name: str) -> NoReturn:
    raise BadMessage(PARSE_ERROR, f"{name} is not JSON")


def _id_of(body: Mapping[str, Any]) -> CallId:
    call_id = body.get("id")
    if isinstance(call_id, bool) or not isinstance(call_id, int | str | None):
        raise BadMessage(INVALID_REQUEST, "id must be a number, a text or null")
    return call_id
