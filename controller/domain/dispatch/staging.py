"""Pre-staging: which booked car is brought into a room before its customer has come, when, and into which room.

An idle carriage may fetch a booked car ahead; who has no appointment must not pay for it. A car is brought ahead only

- into a vacant room that leaves another one vacant for whoever comes (in a tower with one room nothing is staged: a
  customer who comes meanwhile would wait until the car is back in its bay);
- where that leaves a single room for all others, only if nobody has had to wait for a room for half an hour;
- while nobody who has come could begin, and nobody who will be able to begin would find the carriage farther away or
  later than without;
- within so long of the appointment as the move takes at its late estimate, those of the others that are staged with it,
  and a margin; never earlier than `Ahead.most_s`, since a room that stands still serves nobody.

Who has said that they are on the way is expected when they say, and not at their appointment. Where more than one room
is in service, their car may have the last vacant one: that is used then about when it would be used anyway.

Pure; times in seconds on one clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from controller.domain.dispatch.course import Course, State, opening
from controller.domain.dispatch.scene import Move, Request, Scene
from controller.domain.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody who is to come for a car at a time, and has not come."""

    id: int
    due_s: float
    source: int
    """Where the car stands."""
    room: int | None = None
    """Where it is wanted; None: in any room."""
    told: bool = False
    """They are on the way, and have said that they will be there at ``due_s``."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far ahead of its appointment a car is brought. Seconds."""

    margin_s: float = 120.0
    """Before the appointment it should stand in its room: people come early, too."""
    late_s: float = 20.0
    """By how much nine in ten moves are later than planned, at most."""
    most_s: float = 600.0
    """No car is begun with earlier before its appointment."""
    spare: int = 1
    """So many rooms stay vacant beside it."""
    calm_s: float = 1800.0
    """For so long nobody has had to wait for a room, if no more than one would be left for all others. Sooner, and
    those others wait longer for it: nobody knows when a customer comes who has not said so."""
    absent_s: float = 900.0
    """For so long behind its time a customer is expected at any moment."""
    told_margin_s: float = 30.0
    """In place of `margin_s`, if the customer has said when they will be there."""
    told_near_s: float = 300.0
    """So near the time that they have said a customer is expected at any moment, before and behind it."""


DEFAULT = Ahead()


@dataclass(frozen=True, slots=True)
class Lately:
    """What else is to be seen of the rooms."""

    crowded_s: float = -inf
    """When somebody who had come waited for a room last."""
    kept: int = 0
    """How many rooms hold cars that were brought ahead."""


CALM = Lately()

_Look = tuple[Move | None, float]
"""A move to make now, and from when another look may be worth it."""


def staged(
    awaited: Iterable[Awaited],
    requests: Sequence[Request],
    scene: Scene,
    course: Course,
    ahead: Ahead = DEFAULT,
    lately: Lately = CALM,
) -> _Look:
    """Return the move that brings a car ahead now, and from when one may be worth a look; infinity: none will.

    ``requests`` are those who have come; none of them can begin now. ``course`` is that of moves into vacant rooms.
    """
    state = opening(scene, requests)
    vacant = [room for room in sorted(scene.vacant_s) if state.opens_s(room) <= scene.begin_s]
    found = _moves(awaited, state, vacant, course)

    def first_of(those: Sequence[tuple[Awaited, Move]], spare: int, margin_s: float, calm_s: float) -> _Look:
        """Look at the first of those who are awaited alike: with so many rooms spared, and not before ``calm_s``."""
        if not those:
            return None, inf
        begin_s = _begin_s(those, len(vacant) - spare, margin_s, ahead)
        if begin_s > scene.begin_s:
            return None, begin_s
        move = those[0][1]
        if len(vacant) <= spare or _in_the_way(move, requests, state, course):
            return None, inf
        return (move, scene.begin_s) if calm_s <= scene.begin_s else (None, calm_s)

    # The last room is for who is on the way, unless it is the only one.
    last = 0 if len(scene.vacant_s) > 1 else 1
    told, told_look_s = first_of([one for one in found if one[0].told], last, ahead.told_margin_s, -inf)
    if told is not None:
        return told, told_look_s
    booked = [one for one in found if not one[0].told]
    move, look_s = first_of(booked, ahead.spare, ahead.margin_s, _calm_s(scene, ahead, lately))
    return move, min(look_s, told_look_s)


def goes_back(
    due_in_s: float, back_s: float, others_s: float, ahead: Ahead = DEFAULT, *, told: bool = False
) -> bool:
    """Return whether a car that was brought ahead goes back, since somebody who has come waits for a room.

    ``due_in_s``: until its appointment, or until its customer will be there as they have ``told``; negative behind
    that. ``back_s``: what its way back takes, and bringing it again about as long. ``others_s``: until another room is
    vacant for who waits. Never while its customer is expected: so who waits has its room at most `Ahead.absent_s`,
    `Ahead.late_s` and three such ways later than without it, or twice `Ahead.told_near_s` and two ways.
    """
    soon_s = 2.0 * back_s + ahead.late_s
    if told:
        expected = -ahead.told_near_s <= due_in_s <= max(soon_s, ahead.told_near_s)
    else:
        expected = -ahead.absent_s <= due_in_s <= soon_s
    return not expected and back_s < others_s


def _calm_s(scene: Scene, ahead: Ahead, lately: Lately) -> float:
    """Return from when it is calm enough for one more room to be kept, as far as anybody knows; in the past: it is."""
    others = len(scene.vacant_s) - lately.kept - 1
    return lately.crowded_s + ahead.calm_s if others <= 1 else -inf


def _moves(
    awaited: Iterable[Awaited], state: State, vacant: Sequence[int], course: Course
) -> list[tuple[Awaited, Move]]:
    """Return the best move for each car that could be brought, the next appointment first."""
    found = list[tuple[Awaited, Move]]()
    for each in sorted(awaited, key=lambda one: (one.due_s, one.id)):
        request = Request(each.id, JobKind.RETRIEVE, each.due_s, each.source, each.room)
        moves = [course.move(state, request, room) for room in vacant if course.possible(state, request, room)]
        if moves:
            found.append((each, min(moves, key=lambda move: (move.end_s, move.target))))
    return found


def _begin_s(found: Sequence[tuple[Awaited, Move]], rooms: int, margin_s: float, ahead: Ahead) -> float:
    """Return when to begin with the first, so that as many as there are rooms for stand there in time."""
    begin_s, taken_s = inf, 0.0
    for each, move in found[: max(1, rooms)]:
        taken_s += move.end_s - move.begin_s
        begin_s = min(begin_s, each.due_s - taken_s - ahead.late_s - margin_s)
    return max(begin_s, found[0][0].due_s - ahead.most_s)


def _in_the_way(move: Move, requests: Iterable[Request], state: State, course: Course) -> bool:
    """Return whether somebody who has come would be served later behind that move, as far as anybody knows."""
    go_s = course.cycles.go_s
    for each in requests:
        can_s = max(each.ready_s, _opens_s(each, state))
        there_s = max(can_s, move.end_s) + go_s(move.target, each.source)
        if there_s > max(can_s, state.free_s) + go_s(state.carriage, each.source):
            return True
    return False


def _opens_s(request: Request, state: State) -> float:
    """Return from when a request has a room to go to; one that needs none has it at once."""
    if request.kind is not JobKind.RETRIEVE:
        return 0.0
    wanted = state.vacant_s if request.target is None else (request.target,)
    return min((state.opens_s(room) for room in wanted), default=inf)
