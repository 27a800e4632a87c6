"""What the book believes of the two places of an exchange, case by case: a car that it has nowhere is not passed over.

Docked at a bay, the carriage's sensors and the bay's show something; the book has the car of the job somewhere, or not.
"""

import pytest

from controller.activities.recovery import CUT, compare, compare_exchange
from controller.domain.book import CARRIAGE, Book
from controller.domain.records import PlaceSet
from tests.support.shown import (
    CAR,
    DOUBT,
    FREE,
    HERE,
    NO,
    OTHER,
    UNSURE,
    YES,
    Belief,
    Shown,
    beliefs,
    book,
    doubtful,
    holds,
)


@pytest.mark.parametrize(
    ("shown", "believed", "changed"),
    [
        # The book has the car at one of the two.
        (Shown(YES, NO), book(holds(CAR), FREE), {}),
        (Shown(NO, YES), book(holds(CAR), FREE), {HERE: FREE, CARRIAGE: holds(CAR)}),
        (Shown(NO, NO), book(holds(CAR), FREE), {HERE: doubtful(CAR), CARRIAGE: DOUBT}),
        (Shown(NO, NO), book(FREE, holds(CAR)), {HERE: DOUBT, CARRIAGE: doubtful(CAR)}),
        (Shown(NO, NO, resumable=True), book(holds(CAR), FREE), {HERE: doubtful(CAR), CARRIAGE: DOUBT}),
        # Nowhere: where it is seen it is named, and nothing is sure.
        (Shown(NO, YES), book(FREE, FREE), {CARRIAGE: doubtful(CAR)}),
        (Shown(YES, NO), book(FREE, FREE), {HERE: doubtful(CAR)}),
        (Shown(YES, NO), book(DOUBT, FREE), {HERE: doubtful(CAR)}),
        (Shown(YES, YES), book(FREE, FREE), {HERE: DOUBT, CARRIAGE: DOUBT}),
        (Shown(UNSURE, NO), book(FREE, FREE), {HERE: DOUBT}),
        (Shown(NO, UNSURE), book(FREE, FREE), {CARRIAGE: DOUBT}),
        (Shown(NO, YES), book(holds(OTHER), FREE), {HERE: doubtful(OTHER), CARRIAGE: doubtful(CAR)}),
        (Shown(YES, YES), book(holds(OTHER), FREE), {CARRIAGE: doubtful(CAR)}),
        (Shown(NO, NO, resumable=True), book(FREE, FREE), {HERE: DOUBT, CARRIAGE: doubtful(CAR)}),
        (Shown(NO, NO, centred=False), book(FREE, FREE), {HERE: DOUBT, CARRIAGE: doubtful(CAR)}),
        (Shown(NO, NO), book(FREE, FREE), {}),
        (Shown(YES, NO), book(holds(OTHER), FREE), {}),
        # Elsewhere: it is in one place at a time.
        (Shown(NO, YES), book(FREE, FREE, holds(CAR)), {CARRIAGE: DOUBT}),
        (Shown(YES, NO), book(FREE, FREE, holds(CAR)), {HERE: DOUBT}),
        (Shown(NO, NO, resumable=True), book(FREE, FREE, holds(CAR)), {HERE: DOUBT, CARRIAGE: DOUBT}),
        # Not docked there nothing is proven, and no other car loses its name.
        (Shown(NO, YES, docked=False), book(holds(CAR), FREE), {HERE: doubtful(CAR), CARRIAGE: DOUBT}),
        (Shown(NO, YES, docked=False), book(holds(OTHER), FREE), {HERE: doubtful(OTHER), CARRIAGE: doubtful(CAR)}),
        (Shown(NO, YES, docked=False), book(FREE, FREE, holds(CAR)), {HERE: DOUBT, CARRIAGE: DOUBT}),
    ],
)
def test_behind_an_exchange(shown: Shown, believed: Book, changed: dict[int, Belief]) -> None:
    assert beliefs(compare_exchange(shown.bench(), believed, HERE, CAR)) == changed


@pytest.mark.parametrize(
    ("shown", "believed", "changed"),
    [
        (Shown(NO, NO), book(FREE, FREE), {}),
        (Shown(NO, NO), book(FREE, DOUBT), {CARRIAGE: FREE}),
        (Shown(YES, NO), book(FREE, FREE), {HERE: DOUBT}),
        (Shown(NO, YES), book(FREE, FREE), {CARRIAGE: DOUBT}),
        (Shown(NO, NO, resumable=True), book(FREE, FREE), {HERE: DOUBT, CARRIAGE: DOUBT}),
        (Shown(NO, NO, resumable=True), book(FREE, DOUBT), {HERE: DOUBT, CARRIAGE: DOUBT}),
        (Shown(NO, NO, resumable=True), book(FREE, holds(CAR)), {HERE: DOUBT, CARRIAGE: doubtful(CAR)}),
        (Shown(YES, NO, resumable=True), book(holds(CAR), FREE), {CARRIAGE: DOUBT}),
        (Shown(NO, NO, resumable=True, docked=False), book(FREE, FREE), {CARRIAGE: DOUBT}),
        (Shown(NO, NO, centred=False), book(FREE, FREE), {CARRIAGE: DOUBT}),
        (Shown(NO, NO, centred=False), book(FREE, DOUBT), {CARRIAGE: DOUBT}),
    ],
)
def test_without_a_job_that_is_at_work_there(shown: Shown, believed: Book, changed: dict[int, Belief]) -> None:
    assert beliefs(compare(shown.bench(), believed)) == changed


def test_a_car_that_may_hang_between_two_places_is_called_so() -> None:
    records = compare(Shown(NO, NO, resumable=True).bench(), book(FREE, FREE))
    assert {record.place.reason for record in records if isinstance(record, PlaceSet)} == {CUT}
