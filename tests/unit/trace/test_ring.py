"""The ring: bounded, and every register can be told for every instant that it holds."""

import random
import tracemalloc
from collections.abc import Sequence

import pytest

from config.load import load_tower
from controller.domain.records import Asked, UnitSet
from controller.trace.ring import LIMIT_BYTES, Cause, Change, Excerpt, Ring, Standing

SIZES = ((12,), (9, 7))
"""Words of the fast blocks of two stations."""

COUNTERS = {12: (1, 2, 11), 9: (1, 2, 8), 7: (1, 2, 6)}

NEVER = -1
"""In place of a register that was not read yet."""

Blocks = list[list[int]]


def told(blocks: Sequence[Sequence[int]]) -> list[int]:
    """The words that are no counters."""
    return [word for block in blocks for at, word in enumerate(block) if at not in COUNTERS[len(block)]]


def shown_at(excerpt: Excerpt, t: float) -> list[list[int]]:
    """Everything but counters that an excerpt says of an instant, by station."""
    rows = [[*row, *[NEVER] * (sum(sizes) - len(row))] for row, sizes in zip(excerpt.words, SIZES, strict=True)]
    for entry in excerpt.entries:
        if isinstance(entry, Change) and entry.at_s <= t:
            for at, value in entry.pairs():
                rows[entry.station][at] = value
    shown = [told(split(row, sizes)) for row, sizes in zip(rows, SIZES, strict=True)]
    return [row if NEVER not in row else [] for row in shown]


def split(row: list[int], sizes: tuple[int, ...]) -> Blocks:
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [row[end - size : end] for end, size in zip(ends, sizes, strict=True)]


@pytest.mark.parametrize(("seed", "span_s", "limit"), [(1, 5.0, 1 << 20), (2, 1e9, 4000), (3, 0.5, 1 << 20)])
def test_beginning_and_changes_are_all_that_was_shown(seed: int, span_s: float, limit: int) -> None:
    rng = random.Random(seed)
    ring = Ring(2, span_s, 0.0, limit)
    now: list[Blocks] = [[[rng.randrange(1 << 16) for _ in range(n)] for n in sizes] for sizes in SIZES]
    history: list[tuple[float, list[list[int]]]] = []
    seen: list[list[int]] = [[], []]
    t = 0.0
    for _ in range(400):
        t += rng.choice((0.01, 0.1, 0.3))
        at = rng.randrange(2)
        for block in now[at]:
            block[1], block[2], block[-1] = (rng.randrange(1 << 16) for _ in range(3))
            for _ in range(rng.choice((0, 0, 1, 3))):
                block[rng.randrange(3, len(block) - 1)] = rng.randrange(4)
            if rng.random() < 0.02:
                block[0] += 1
        ring.image(t, at, [tuple(block) for block in now[at]])
        seen[at] = told(now[at])
        history.append((t, [*seen]))
        assert ring.bytes <= limit
    ring.hold(t)
    excerpt = ring.release()
    assert excerpt.began_s >= t - span_s
    held = [each for each in history if each[0] >= excerpt.began_s]
    assert len(held) > 1
    assert len(held) < len(history), "something was let go"
    for at_s, shown in held:
        assert shown_at(excerpt, at_s) == shown


def test_what_only_counts_is_no_change() -> None:
    ring = Ring(1, 10.0, 0.0)
    ring.image(0.0, 0, [(7, 1, 1, 5, 5, 1)])
    ring.image(0.1, 0, [(7, 2, 9, 5, 5, 9)])
    assert len(ring.release().entries) == 1
    ring.image(0.2, 0, [(7, 3, 9, 5, 6, 9)])
    ring.image(0.3, 0, [(8, 3, 9, 5, 6, 9)])
    pairs = [[*entry.pairs()] for entry in ring.release().entries if isinstance(entry, Change)]
    assert pairs[1:] == [[(4, 6)], [(0, 8)]]


def test_a_ring_that_is_held_keeps_what_was_not_too_old() -> None:
    ring = Ring(1, 10.0, 0.0)
    for t in range(21):
        ring.note(float(t), UnitSet(str(t), ""))
    ring.hold(20.0)
    for t in range(21, 100):
        ring.note(float(t), UnitSet(str(t), ""))
    held = ring.release()
    assert (held.began_s, held.entries[0].at_s, held.entries[-1].at_s) == (10.0, 10.0, 99.0)
    ring.note(100.0, UnitSet("100", ""))
    assert ring.release().entries[0].at_s == 90.0


def test_the_state_of_a_station_moves_into_the_beginning() -> None:
    ring = Ring(1, 10.0, 0.0)
    ring.note(1.0, Standing(0, "ONLINE", ""))
    ring.note(2.0, Standing(0, "STALE", "silent"))
    assert [each.state for each in ring.release().standings] == ["OFFLINE"]
    ring.note(11.5, Cause("hand", "x"))
    assert [each.state for each in ring.release().standings] == ["ONLINE"]


def test_a_full_ring_of_the_tallest_tower_is_as_small_as_it_says() -> None:
    """396 bays: every poll of every station shows another word, longer than the ring can hold."""
    maps = load_tower("autostadt").maps
    rows = [[[1] * block.count for block in station.fast] for station in maps.values()]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        ring, t = Ring(len(rows), 300.0, 0.0), 0.0
        for step in range(520):
            for at, blocks in enumerate(rows):
                t += 0.004
                blocks[-1][-2] = step
                ring.image(t, at, [tuple(block) for block in blocks])
        ring.note(t, Asked("x" * 1000, "1000:ann"))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ring.began_s > 0.0, "it was full"
    # The newest words of each station are beside what is reckoned: they are the link's, too.
    newest = sum(8 * block.count + 100 for station in maps.values() for block in station.fast)
    assert after - before - newest <= LIMIT_BYTES
