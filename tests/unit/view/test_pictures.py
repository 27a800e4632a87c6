import xml.etree.ElementTree as ET
from typing import Any

import pytest

from config.load import load_tower
from sim_plc.view.run_svg import run_svg
from sim_plc.view.sample import Sample, Span, spans
from sim_plc.view.svg import label, number
from sim_plc.view.tower_svg import tower_svg
from tests.support.sample_status import sample_status

SMALL = load_tower("small").shape
SVG = "{http://www.w3.org/2000/svg}"


def sample(t: float, **more: Any) -> Sample:
    status = sample_status()
    status["carriage"] |= {key: more[key] for key in ("height_mm", "angle_mdeg", "car") if key in more}
    if "state" in more:
        status["job"]["state"] = more["state"]
    if "gate" in more:
        status["rooms"][0] |= {"gate": more["gate"], "state": "CUSTOMER_ADMITTED", "car": "C1"}
    result = Sample.of(t, status)
    assert result is not None
    return result


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


def lines(svg: str) -> list[list[tuple[float, float]]]:
    found = ET.fromstring(svg).iter(f"{SVG}polyline")
    return [[(float(x), float(y)) for x, y in (p.split(",") for p in n.attrib["points"].split())] for n in found]


def test_a_run_shows_levels_positions_rooms_and_jobs() -> None:
    samples = [sample(float(t), height_mm=100 * t, state="POSITIONING_TO") for t in range(26)]
    samples[10] = sample(10.0, height_mm=1000, state="PICKING", gate="OPEN")
    shown = texts(run_svg(samples, SMALL, "Title & co", "sub"))
    for text in ("Title & co", "sub", "level 1", "level 2", "room 1", "position 2", "↑ C9", "C1", "0 s"):
        assert text in shown


def test_the_height_of_the_line_is_the_height_of_the_carriage() -> None:
    svg = run_svg([sample(0.0, height_mm=0), sample(1.0, height_mm=2500)], SMALL, "t", "s")
    grid = {
        node.attrib["y1"]
        for node in ET.fromstring(svg).iter(f"{SVG}line")
        if node.attrib.get("stroke") == "#e3e8ec" and "stroke-dasharray" not in node.attrib
    }
    level_line = lines(svg)[0]
    assert {f"{y:g}" for _, y in level_line} <= grid
    assert level_line[0][1] > level_line[1][1], "up is up"


def test_a_turn_past_the_last_position_leaves_at_one_edge_and_comes_in_at_the_other() -> None:
    samples = [sample(0.0, angle_mdeg=350_000), sample(1.0, angle_mdeg=10_000)]
    _, leaving, coming = lines(run_svg(samples, SMALL, "t", "s"))
    assert leaving[-1][0] == coming[0][0]
    assert leaving[-1][1] - coming[0][1] == 200.0
    assert max(abs(a[1] - b[1]) for a, b in ((leaving[0], leaving[-1]), (coming[0], coming[-1]))) < 10


def test_an_old_look_at_a_moving_carriage_makes_no_step() -> None:
    moving = [sample(0.0, height_mm=0), sample(0.1, height_mm=500), sample(0.15, height_mm=500)]
    moving.append(sample(0.2, height_mm=1000))
    line = lines(run_svg(moving, SMALL, "t", "s"))[0]
    assert len(line) == 3


def test_a_run_that_nobody_saw_has_no_picture() -> None:
    with pytest.raises(ValueError, match="needs samples"):
        run_svg([sample(0.0)], SMALL, "t", "s")


def test_spans_end_where_the_next_begins() -> None:
    assert list(spans([(0.0, "a"), (1.0, "a"), (2.0, "b")], 5.0)) == [Span("a", 0.0, 2.0), Span("b", 2.0, 5.0)]
    assert list(spans([], 5.0)) == []


def test_nobody_knows_where_is_no_sample() -> None:
    status = sample_status()
    status["carriage"]["height_mm"] = None
    assert Sample.of(0.0, status) is None


def test_a_portrait_shows_every_car_and_every_empty_bay() -> None:
    shown = texts(tower_svg(sample_status(), SMALL))
    assert {"Small, 6 bays and 1 transfer room", "C1", "C2", "C9", "103", "104", "202"} <= set(shown)
    assert {"room 1", "reserved; gate closed"} <= set(shown)
    assert any("store C9, on the way with it" in text for text in shown)


@pytest.mark.parametrize("name", ["guangzhou", "small"])
@pytest.mark.parametrize("unknown", [True, False])
def test_a_portrait_is_drawn_of_any_tower(name: str, unknown: bool) -> None:
    shape, status = load_tower(name).shape, sample_status()
    status["tower"] |= {"levels": shape.levels, "heights_mm": [2500 * i for i in range(shape.levels)]}
    status["rooms"] = [status["rooms"][0] | {"place": place} for place in shape.rooms]
    if unknown:
        status["carriage"] |= {"height_mm": None, "angle_mdeg": None}
        status["job"] = None
    root = ET.fromstring(tower_svg(status, shape))
    floors = sum(node.attrib.get("stroke") in ("#b8c6d1", "#d8702a") for node in root.iter(f"{SVG}polygon"))
    assert floors >= len(shape.places)


def test_names_are_written_as_text_never_as_markup() -> None:
    status = sample_status()
    status["tower"]["title"] = "<script>&"
    assert "<script>&" in texts(tower_svg(status, SMALL))
    assert label(1.04, 2.0, "a<b") == '<text x="1" y="2">a&lt;b</text>'
    assert (number(1.26), number(3.0), number(-0.04)) == ("1.3", "3", "0")
