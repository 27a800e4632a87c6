"""What a second of waiting counts: a customer's is the measure, one with an appointment weighs more and more.

A weight changes the order within the rule of fairness alone: whoever weighs more overtakes no more often than others.
"""

from typing import Final

CUSTOMER: Final = 1.0

OPERATOR: Final = 0.2
"""A relocation beside a customer: nobody stands at a gate for it."""

ON_TIME, LATEST = 2.0, 4.0
"""Somebody with an appointment, when it begins and from `AGES_S` on: they were given a time, and have kept it."""

AGES_S: Final = 600.0
"""Behind the promise of ten minutes each further one is as bad."""


def of_appointment(waited_s: float) -> float:
    """Return the weight of somebody who waits since their appointment; below 0 s they have come before it."""
    if waited_s < 0:
        return CUSTOMER
    return min(LATEST, ON_TIME + (LATEST - ON_TIME) * waited_s / AGES_S)
