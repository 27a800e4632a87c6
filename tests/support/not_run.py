"""Where collection notes which contract tests it left out, for the summary of the run."""

from collections import Counter
from typing import TypeAlias

import pytest

Reasons: TypeAlias = "Counter[str]"

NOT_RUN = pytest.StashKey[Reasons]()
"""How many tests were deselected, by reason."""
