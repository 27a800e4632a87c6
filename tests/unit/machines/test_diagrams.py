"""The page of diagrams is the one that the tables give."""

from controller.machines.diagrams import PAGE, page


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m controller.machines.diagrams"


def test_every_machine_has_its_diagram() -> None:
    assert page().count("```mermaid\nstateDiagram-v2\n") == 6
    assert "    IDLE --> STARTING: START\n" in page()
