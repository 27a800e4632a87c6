"""Writing SVG: elements as text, numbers kept short."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"

Point = tuple[float, float]


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def element(name: str, content: str = "", /, **attributes: str | float | None) -> str:
    """Return an element; ``_`` in names stands for ``-``, attributes that are None are left out."""
    text = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{text}>{content}</{name}>" if content else f"<{name}{text}/>"


def label(x: float, y: float, text: str, **attributes: str | float | None) -> str:
    """Return a text at a point."""
    return element("text", escape(text, quote=False), x=x, y=y, **attributes)


def points(corners: Iterable[Point]) -> str:
    """Return corners as the value of ``points``."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in corners)


def polygon(corners: Iterable[Point], **attributes: str | float | None) -> str:
    """Return a closed shape."""
    return element("polygon", points=points(corners), **attributes)


def polyline(corners: Iterable[Point], **attributes: str | float | None) -> str:
    """Return an open line."""
    return element("polyline", points=points(corners), fill="none", **attributes)


def document(width: float, height: float, title: str, parts: Sequence[str], style: str = "") -> str:
    """Return the whole picture, with a title for those who cannot see it."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" role="img" font-family="{escape(FONT)}">'
    )
    styled = [f"<style>{style}</style>"] if style else []
    return "\n".join([head, element("title", escape(title, quote=False)), *styled, *parts, "</svg>", ""])
