"""What every table of a configuration has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """A table of TOML: frozen, without unknown keys, and each key's docstring is its description."""

    # Strict: `port = "502"` and `levels = true` are mistakes, not numbers. TOML has no tuples, so these alone are lax.
    # The docstrings are read by `config.descriptions`, when somebody asks: pydantic would parse every source at import.
    # Each table is built when one is made, most of them as a part of the tower: built at import, all would be twice.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


Mm = Annotated[int, Field(ge=1, le=200_000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]
