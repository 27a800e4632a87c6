"""What the daemon told during a run: its events, and where everything was when."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.api.client import ApiClient
from sim_plc.view.sample import Sample

ENDED: Final = frozenset({"DONE", "CANCELLED", "DIVERTED", "CLOSED_BY_HAND", "PARKED"})
"""States that a job does not leave without a person."""


@dataclass
class Record:
    """Fed by `follow`; ``changed`` is set whenever something new was told."""

    status: Mapping[str, Any] = field(default_factory=dict)
    job_states: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    moves: list[Mapping[str, Any]] = field(default_factory=list)
    """The ``job_done`` events."""
    alarms: list[Mapping[str, Any]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = asyncio.Event()
        self._begun_s: float | None = None

    def begin(self) -> None:
        """Time counts from now on, and what happens is kept for the picture."""
        self._begun_s = asyncio.get_running_loop().time()

    @property
    def time_s(self) -> float:
        """Seconds since `begin`, 0 before."""
        return 0.0 if self._begun_s is None else asyncio.get_running_loop().time() - self._begun_s

    async def follow(self, client: ApiClient) -> None:
        """Listen for ever.

        Raises:
            NotReachable: the daemon has gone.

        """
        async for notice in client.subscribe():
            if notice.method == "status":
                self._see(notice.params)
            else:
                self._hear(notice.params)
            self._changed.set()

    async def until(self, question: Callable[[], bool]) -> None:
        """Wait until something told makes the answer yes."""
        while not question():
            self._changed.clear()
            await self._changed.wait()

    def _see(self, status: Mapping[str, Any]) -> None:
        self.status = status
        if self._begun_s is not None:
            sample = Sample.of(self.time_s, status)
            if sample is not None:
                self.samples.append(sample)

    def _hear(self, event: Mapping[str, Any]) -> None:
        match event.get("event"):
            case "job_state":
                self.job_states[event["job"]] = event["state"]
                self.reasons[event["job"]] = event.get("reason") or ""
            case "job_done":
                self.moves.append(event)
            case "alarm" if event.get("active", True):
                self.alarms.append(event)
