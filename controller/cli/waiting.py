"""Waiting for what was asked for: a job's end, or the unit's rest."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from controller.api.sync_client import SyncClient
from controller.domain.jobs import TERMINAL, JobState
from controller.domain.unit import ACTING, UnitState

LOOK_S: Final = 2.0
"""Without news for so long the daemon is asked: an event may have been missed."""

ENDED: Final = frozenset({state.value for state in TERMINAL} | {JobState.PARKED.value})
"""States that a job does not leave without a person."""

_NEWS: Final = frozenset({"promise", "room_given", "room_taken_back"})


def wait_for_job(
    client: SyncClient, job: int, on_news: Callable[[Mapping[str, Any]], object] = lambda _event: None
) -> Mapping[str, Any]:
    """Wait until a job has ended or stands parked; return it as the daemon shows it.

    ``on_news``: takes what whoever waits is told: another promise, which room is a driver's, or no longer.
    """
    looked = False
    for notice in client.notices(LOOK_S):
        concerned = notice is None or notice.params.get("job") == job
        if concerned and notice is not None and notice.params.get("event") in _NEWS:
            on_news(notice.params)
        if (concerned or not looked) and (shown := _job(client, job))["state"] in ENDED:
            return shown
        looked = True
    raise AssertionError("notices end only with an error")


def wait_for_unit(client: SyncClient) -> tuple[str, str]:
    """Wait until the unit rests or executes; return its state and the reason given."""
    for notice in client.notices(LOOK_S):
        status = client.call("status") if notice is None else notice.params
        if "unit" in status:
            state = UnitState(status["unit"]["state"])
            if state is UnitState.EXECUTE or state not in ACTING:
                return state.value, str(status["unit"]["reason"])
    raise AssertionError("notices end only with an error")


def _job(client: SyncClient, job: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in client.call("jobs", all=True)["jobs"] if each["id"] == job)
    return found
