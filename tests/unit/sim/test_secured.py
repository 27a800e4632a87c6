"""A secured bus needs the stations' certificate: without it nothing is served in the open instead."""

from pathlib import Path

from click.testing import CliRunner

from sim_plc.cli import cartower_sim

SECURED = {"security": "tls", "port": "18802", "ca": "ca.pem", "certificate": "me.pem", "key": "me.key"}


def test_a_secured_bus_is_never_served_in_the_open(tmp_path: Path) -> None:
    options = [part for key, value in SECURED.items() for part in ("--set", f"bus.tower.{key}={value}")]
    command = ["run", "--config", "small", "--seed", "1", "--run-dir", str(tmp_path), *options]
    result = CliRunner().invoke(cartower_sim, command)
    assert result.exit_code == 1
    assert "bus.tower is secured: --plc-ca, --plc-certificate and --plc-key are needed" in result.output
