"""Charts put values where their axes say, and can be told apart without colours."""

from xml.etree import ElementTree as ET

import pytest

from sim_plc.view.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, axis_to, bar_chart, line_chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("most", "high"), [(0.0, 1.0), (0.7, 0.7), (7.1, 8.0), (13.5, 14.0), (45.9, 50.0), (1000.0, 1000.0)]
)
def test_an_axis_ends_at_a_round_number_with_a_few_marks(most: float, high: float) -> None:
    axis = axis_to("people", most)
    assert axis.high == pytest.approx(high)
    assert 4 <= len(axis.ticks) <= 9
    assert axis.ticks[0][0] == 0.0
    assert axis.ticks[-1][0] == pytest.approx(axis.high)


def test_lines_run_from_corner_to_corner_and_differ_in_their_dashes() -> None:
    x, y = axis_to("minutes", 10.0), axis_to("people", 4.0)
    svg = line_chart("Two", x, y, [Line("up", ((0.0, 0.0), (10.0, 4.0))), Line("beside", ((0.0, 9.0),))], (5.0, "half"))
    lines = ET.fromstring(svg).findall(f"{SVG}polyline")
    assert lines[0].get("points") == f"{LEFT:g},{HEIGHT - BOTTOM:g} {WIDTH - RIGHT:g},{TOP:g}"
    assert lines[1].get("points") == f"{LEFT:g},{TOP:g}"
    assert lines[0].get("stroke-dasharray") != lines[1].get("stroke-dasharray")
    assert [line[0].text for line in lines] == ["up", "beside"]


def test_a_bar_is_as_high_as_its_value() -> None:
    x, y = axis_to("hours", 2.0), axis_to("people", 4.0)
    bars = ET.fromstring(bar_chart("Bars", x, y, [1.0, 2.0])).findall(f"{SVG}rect")
    low, high = (float(bar.get("height") or 0.0) for bar in bars)
    assert high == pytest.approx(2 * low) == pytest.approx((HEIGHT - TOP - BOTTOM) / 2)
