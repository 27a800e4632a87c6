"""``cartower``, and ``python -m controller``."""

from controller.cli.main import cartower


def main() -> None:
    """Run the command line."""
    cartower(prog_name="cartower")


if __name__ == "__main__":
    main()
