"""The dialogue of an inventory audit: from bay to bay, what stands there, and what became of it in the end."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from controller.api.sync_client import SyncClient
from controller.cli.confirm import say
from controller.cli.exits import OTHERWISE
from controller.cli.inventory_text import Bay, believed_text, seen_text, sensed_text
from controller.cli.output import ODD, align, ink
from controller.domain.looks import Finding
from controller.domain.refusal import Refusal
from controller.domain.roles import ROLE

EMPTY: Final = "empty"
SKIP: Final = "skip"
QUIT: Final = "quit"


@dataclass
class _Tally:
    """What came of each bay."""

    findings: dict[int, str] = field(default_factory=dict)
    """By bay: `Finding`, or `SKIP`."""
    stated: dict[int, str | None] = field(default_factory=dict)
    """What was said of a bay that is in doubt all the same."""

    def bays(self, what: str) -> list[int]:
        return [bay for bay, found in self.findings.items() if found == what]


def walk(client: SyncClient, bays: Sequence[Bay]) -> None:
    """Lead a person at the tower through bays, to the last one or until they leave; exits `OTHERWISE` with a doubt."""
    if not bays:
        print("nothing to look at: every bay was seen; --all asks for them all the same")
        return
    tally, known = _Tally(), {car["id"] for car in client.call("cars")["cars"]}
    say(["For each bay: the car's id, or `empty`, `skip`, `quit`. Say what you see, not what is expected.", ""])
    for number, bay in enumerate(bays, start=1):
        _tell(bay, f"{number} of {len(bays)}")
        answer = _asked(known)
        if answer == QUIT:
            break
        if answer == SKIP:
            tally.findings[bay["place"]] = SKIP
            continue
        _state(client, tally, bay["place"], None if answer == EMPTY else answer)
    _state_again(client, tally)
    _sum_up(tally, len(bays))
    if tally.bays(Finding.DOUBTFUL):
        sys.exit(OTHERWISE)


def _tell(bay: Bay, count: str) -> None:
    lines = (
        ("  believed", believed_text(bay)),
        ("  contacts", sensed_text(bay)),
        ("  last seen", seen_text(bay)),
    )
    say([ink(f"bay {bay['place']} ({count})", bold=True), *align(lines)])


def _asked(known: set[str]) -> str:
    """Return a car's id, or one of the three words; a car that the tower does not know is asked about once more."""
    while True:
        try:
            answer: str = click.prompt("What stands there", err=True).strip()
            if answer in (EMPTY, SKIP, QUIT) or answer in known:
                return answer
            if answer and click.confirm(f"No car {answer} is known here. Is it a new one?", err=True):
                known.add(answer)
                return answer
        except click.Abort:
            print(file=sys.stderr)
            return QUIT


def _state(client: SyncClient, tally: _Tally, bay: int, car: str | None) -> None:
    """Say what stands in a bay, and tell what is believed now; a refusal leaves it as it was.

    Raises:
        Refusal: it is none of this bay: whoever asks may not.

    """
    try:
        answer = client.call("place.audit", place=bay, car=car, on_site=True)
    except Refusal as refusal:
        if refusal.rule == ROLE:
            raise
        say([ink(f"  not taken ({refusal.rule}): {refusal.text}", ODD), ""])
        tally.findings[bay] = SKIP
        return
    tally.findings[bay] = answer["finding"]
    doubtful = answer["finding"] == Finding.DOUBTFUL
    if doubtful:
        tally.stated[bay] = car
    else:
        tally.stated.pop(bay, None)
    why = f": {answer['reason']}" if answer["reason"] else ""
    text = f"  {answer['finding']}: bay {bay} is {answer['status']}{why}"
    say([ink(text, ODD) if doubtful else text, ""])


def _state_again(client: SyncClient, tally: _Tally) -> None:
    """Say once more what was doubtful: a car that was believed elsewhere may have been found missing there since."""
    for bay, car in list(tally.stated.items()):
        if car is not None and _stands_nowhere(client, car):
            say([f"Once more, car {car} in bay {bay}:"])
            _state(client, tally, bay, car)


def _stands_nowhere(client: SyncClient, car: str) -> bool:
    cars: Sequence[dict[str, Any]] = client.call("cars")["cars"]
    return any(each["id"] == car and each["where"] == "outside" for each in cars)


def _sum_up(tally: _Tally, total: int) -> None:
    left = total - len(tally.findings)
    print(
        f"{len(tally.bays(Finding.AGREED))} agreed, {len(tally.bays(Finding.CORRECTED))} corrected, "
        f"{len(tally.bays(Finding.DOUBTFUL))} still doubtful, {len(tally.bays(SKIP))} skipped"
        + (f", {left} left for another time" if left else "")
    )
    for what in (Finding.CORRECTED, Finding.DOUBTFUL):
        if found := tally.bays(what):
            print(f"{what}: {', '.join(map(str, found))}")
