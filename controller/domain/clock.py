"""What is known of wall clocks without asking anybody."""

from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this has lost its battery: the program is younger."""
