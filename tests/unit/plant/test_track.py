"""Zones and windows along an axis."""

import math

from hypothesis import given
from hypothesis import strategies as st

from sim_plc.plant.track import Track


def test_windows_of_a_straight_track() -> None:
    track = Track({"low": (-math.inf, -150), 101: (-10, 10), 201: (2490, 2510)})
    assert [track.inside(track.zone(x)) for x in (-200, 0, 9.9, 10.1, 2500, 3000)] == [
        {"low"},
        {101},
        {101},
        set(),
        {201},
        set(),
    ]
    assert track.edge(-1) == -math.inf
    assert track.edge(5) == math.inf


def test_windows_repeat_on_an_endless_track() -> None:
    track = Track({1: (-200, 200), 2: (39_800, 40_200)}, 360_000)
    for turn in (-3, 0, 7):
        assert track.inside(track.zone(turn * 360_000 - 100)) == {1}
        assert track.inside(track.zone(turn * 360_000 + 40_000)) == {2}
        assert track.inside(track.zone(turn * 360_000 + 90_000)) == set()


@given(st.floats(-2_000_000, 2_000_000))
def test_a_position_lies_between_the_edges_of_its_zone(position: float) -> None:
    track = Track({1: (-200, 200), 2: (39_800, 40_200)}, 360_000)
    zone = track.zone(position)
    assert track.edge(zone - 1) <= position + 1e-6
    assert position - 1e-6 <= track.edge(zone)
