"""``cartower-sim``, and ``python -m sim_plc``: PLCs and steel in software."""

from sim_plc.cli import cartower_sim


def main() -> None:
    """Run the command line."""
    cartower_sim(prog_name="cartower-sim")


if __name__ == "__main__":
    main()
