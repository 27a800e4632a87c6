"""What stands below each command's help: how it is used, and how it ends."""

from controller.cli.exits import EXIT_CODES


def shown(*examples: str, exits: str = EXIT_CODES) -> str:
    """Return the end of a help page: lines that can be typed as they stand, and the exit codes."""
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\nExamples:\n{lines}\n\n{exits}"
