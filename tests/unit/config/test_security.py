"""A secured bus names its files and its own port; an open one names none."""

import pytest

from config.check import check

FILES = {"bus.tower.ca": "ca.pem", "bus.tower.certificate": "me.pem", "bus.tower.key": "me.key"}
SECURED = {"bus.tower.security": "tls", "bus.tower.port": "802"}


def faults(**overrides: str) -> list[tuple[str, str]]:
    dotted = {f"bus.tower.{key}": value for key, value in overrides.items()}
    return [(fault.code, fault.key) for fault in check("small", overrides=dotted).faults]


def test_a_secured_bus_with_its_files_is_right() -> None:
    assert check("small", overrides={**FILES, **SECURED}).faults == ()


@pytest.mark.parametrize("missing", FILES)
def test_each_file_of_a_secured_bus_is_needed(missing: str) -> None:
    named = {key: value for key, value in FILES.items() if key != missing}
    [fault] = check("small", overrides={**named, **SECURED}).faults
    assert (fault.code, fault.key, fault.allowed) == ("tls-files", missing, "path of a PEM file")


def test_certificates_on_an_open_bus_are_a_mistake() -> None:
    assert faults(certificate="me.pem") == [("tls-unused", "bus.tower.security")]


def test_the_port_of_the_open_protocol_is_a_mistake() -> None:
    given = {"security": "tls", "ca": "ca.pem", "certificate": "me.pem", "key": "me.key"}
    assert faults(**given, port="502") == [("tls-port", "bus.tower.port")]


def test_no_other_security_is_known() -> None:
    assert faults(security="ssl") == [("unknown-value", "bus.tower.security")]
