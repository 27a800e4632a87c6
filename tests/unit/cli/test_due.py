"""How people say when somebody comes."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.cli.due import due, due_text

NOW = datetime(2027, 3, 1, 14, 0, tzinfo=UTC).astimezone()


@pytest.mark.parametrize("minutes", [1, 30, 600, 1439])
def test_a_time_of_day_is_the_next_one_to_come(minutes: int) -> None:
    then = NOW + timedelta(minutes=minutes)
    assert due(then.strftime("%H:%M"), NOW) == then.timestamp()


def test_the_time_of_now_is_tomorrows() -> None:
    assert due(NOW.strftime("%H:%M"), NOW) == (NOW + timedelta(days=1)).timestamp()


@pytest.mark.parametrize(
    ("text", "at"), [("2027-03-01T14:30+00:00", 1_803_911_400), ("2027-03-01T14:30:00Z", 1_803_911_400)]
)
def test_a_moment_is_that_moment(text: str, at: int) -> None:
    assert due(text, NOW) == at


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14.30", "2027-13-01T00:00", "tomorrow 14:30"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        due(text, NOW)


def test_a_moment_is_told_as_it_is_typed() -> None:
    at = due("2027-03-01T14:30", NOW)
    assert due_text(at).endswith("2027-03-01 14:30")
