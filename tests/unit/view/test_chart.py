"""Charts put values where their axes say, and can be told apart without colours."""

from math import inf
from xml.etree import ElementTree as ET

import pytest

from sim_plc.view.chart import (
    BOTTOM,
    DASHES,
    HEIGHT,
    LEFT,
    LETTER,
    RIGHT,
    STYLE,
    TOP,
    WIDTH,
    Line,
    axis_to,
    bar_chart,
    line_chart,
)

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


def test_no_two_lines_look_alike_and_each_name_stands_in_the_picture() -> None:
    x, y = axis_to("minutes", 10.0), axis_to("people", 4.0)
    names = [f"line {number} with a name as long as that of a tower on a bad day" for number in range(len(DASHES))]
    picture = ET.fromstring(line_chart("Many", x, y, [Line(name, ((0.0, 0.0), (10.0, 4.0))) for name in names]))
    lines = picture.findall(f"{SVG}polyline")
    assert len({line.get("stroke-dasharray") for line in lines}) == len({line.get("class") for line in lines}) == 6
    assert all(f".{line.get('class')} " in STYLE for line in lines)
    _, _, width, height = map(float, (picture.get("viewBox") or "").split())
    texts = {text.text: text for text in picture.findall(f"{SVG}text")}
    for name in names:
        assert float(texts[name].get("x") or inf) + LETTER * len(name) <= width
        assert HEIGHT < float(texts[name].get("y") or inf) < height
    assert len({texts[name].get("y") for name in names}) == len(names), "one row each, of names that long"


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    x, y = axis_to("minutes", 10.0), axis_to("people", 4.0)
    with pytest.raises(ValueError, match="7 lines"):
        line_chart("Too many", x, y, [Line(str(number), ((0.0, 0.0),)) for number in range(len(DASHES) + 1)])


def test_a_bar_is_as_high_as_its_value() -> None:
    x, y = axis_to("hours", 2.0), axis_to("people", 4.0)
    bars = ET.fromstring(bar_chart("Bars", x, y, [1.0, 2.0])).findall(f"{SVG}rect")
    low, high = (float(bar.get("height") or 0.0) for bar in bars)
    assert high == pytest.approx(2 * low) == pytest.approx((HEIGHT - TOP - BOTTOM) / 2)
