"""An inventory that a person states while the arms may hold a car of which nobody knows."""

import pytest

from controller.domain.book import CARRIAGE
from controller.domain.events import ImportInventory
from controller.runtime.imported import Imported
from tests.support.shown import DOUBT, FREE, NO, YES, Belief, Shown, beliefs, book


@pytest.mark.parametrize(
    ("shown", "carriage"),
    [
        (Shown(NO, NO), FREE),
        (Shown(NO, YES), DOUBT),
        (Shown(NO, NO, resumable=True), DOUBT),
        (Shown(NO, NO, centred=False), DOUBT),
    ],
)
def test_the_carriage_is_called_empty_only_where_no_car_can_hang_on_its_arms(shown: Shown, carriage: Belief) -> None:
    records, _ = Imported(shown.bench(), book(DOUBT, DOUBT)).records(ImportInventory(cars=()))
    assert beliefs(records)[CARRIAGE] == carriage
