"""How people say when somebody comes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from controller.cli.due import due, due_text, local_times
from controller.cli.plan import slots

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


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", ["2027-03-27", "2027-10-30", "2027-06-01"], ids=["spring", "autumn", "summer"])
def test_a_time_of_tomorrow_is_that_time_also_where_the_clocks_change_in_the_night(day: str) -> None:
    now = datetime.fromisoformat(f"{day}T15:00").astimezone()
    assert due_text(due("14:30", now)).endswith("14:30")
    assert timedelta(hours=22) < datetime.fromtimestamp(due("14:30", now), UTC) - now < timedelta(hours=25)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25), ("2027-06-01", 24)])
def test_a_day_ends_where_the_next_begins_also_where_the_clocks_change_in_it(day: str, hours: int) -> None:
    with patch("controller.cli.plan.call_once", return_value={"slots": [], "capacity": 0}) as asked:
        assert CliRunner().invoke(slots, ["--day", day]).exit_code == 0
    begin = int(datetime.fromisoformat(f"{day}T00:00").astimezone().timestamp())
    assert asked.call_args.kwargs == {"begin": begin, "count": hours * 4}


@pytest.mark.usefixtures("berlin")
def test_the_moments_of_a_daemon_are_told_as_people_here_say_them() -> None:
    assert local_times("from 2027-01-31T23:45+00:00 on") == "from Mon 2027-02-01 00:45 on"


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14.30", "2027-13-01T00:00", "tomorrow 14:30", "2027-01-31"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        due(text, NOW)


def test_a_moment_is_told_as_it_is_typed() -> None:
    at = due("2027-03-01T14:30", NOW)
    assert due_text(at).endswith("2027-03-01 14:30")
