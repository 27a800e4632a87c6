"""How long each step of a job took beside its physical bound."""

from dataclasses import dataclass, field

from controller.domain.jobs import Job
from controller.domain.travel import STOOD, Part


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long a step took beside its bound, in seconds."""

    step: str
    place: int
    measured_s: float
    bound_s: float
    commands: int
    lift: Part = STOOD
    """Of a travel: the lift's part, and the turntable's."""
    turn: Part = STOOD

    def picture(self) -> dict[str, object]:
        """Return it as people and programs are shown it."""
        return {
            "step": self.step,
            "place": self.place,
            "measured_s": round(self.measured_s, 3),
            "bound_s": round(self.bound_s, 3),
        }


@dataclass(slots=True)
class Measured:
    """What was measured of one job since this daemon started. ``began`` is the loop's time."""

    began: float
    whole: bool = True
    """Every step ran without an interruption: the sum may be compared with the bound."""
    steps: list[StepTime] = field(default_factory=list)
    waited_s: float = 0.0
    """How long the car waited aboard for its room: nothing of the machine's."""

    @property
    def bound_s(self) -> float:
        """Sum of the bounds of the steps."""
        return sum(step.bound_s for step in self.steps)

    @property
    def commands(self) -> int:
        """Number of serial commands."""
        return sum(step.commands for step in self.steps)

    def report(self, job: Job, now: float) -> dict[str, object]:
        """Return the event that tells of a job done at the loop's time ``now``."""
        elapsed, bound = now - self.began - self.waited_s, self.bound_s
        return {
            "event": "job_done",
            "job": job.id,
            "kind": job.kind.value,
            "car": job.car,
            "measured_s": round(elapsed, 3),
            "bound_s": round(bound, 3),
            "ratio": round(elapsed / bound, 4) if bound else None,
            "overhead_ms_per_step": round((elapsed - bound) / max(1, self.commands) * 1000, 1),
            "steps": [step.picture() for step in self.steps],
        }
