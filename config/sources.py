"""Several documents laid over each other: which value counts, and which file is to blame for it."""

from dataclasses import dataclass
from typing import Any

from config.document import Document
from config.faults import Fault
from config.positions import KeyPath


@dataclass(frozen=True)
class Layer:
    """A document whose root stands at ``mount`` of the whole: ``("machine",)`` for a profile."""

    document: Document
    mount: KeyPath = ()

    def named(self, path: KeyPath) -> int:
        """Return how many leading keys of a path of the whole the document names; 0: none."""
        depth = len(self.mount)
        if path[:depth] != self.mount:
            return 0
        local = path[depth:]
        return next((depth + n for n in range(len(local), 0, -1) if self.document.holds(local[:n])), 0)


@dataclass(frozen=True)
class Sources:
    """The document that a person named, and the others; ``layers`` holds all of them, the strongest first."""

    main: Document
    layers: tuple[Layer, ...]

    def merged(self) -> dict[str, Any]:
        """Return the values of all layers, merged table by table and key by key."""
        whole: dict[str, Any] = {}
        for layer in reversed(self.layers):
            values: dict[str, Any] = layer.document.values
            for key in reversed(layer.mount):
                values = {str(key): values}
            _merge(whole, values)
        return whole

    def fault(
        self, path: KeyPath, message: str, *, allowed: str = "", value: object = None, code: str = ""
    ) -> Fault:
        """Return a fault in the document that names most of the path; the stronger one counts if several do.

        A fault of a value that stands shows the value and its place; of a key that is not there, the table's place.
        """
        layer = self.layer_of(path)
        if layer is None:
            return self.main.fault(path, (), message, allowed=allowed, value=value, code=code)
        return layer.document.fault(path, layer.mount, message, allowed=allowed, value=value, code=code)

    def rank(self, path: KeyPath) -> int:
        """Return how far down stands the layer that sets a key: 0 is the strongest; nobody's keys come last."""
        return next((i for i, layer in enumerate(self.layers) if layer.named(path) == len(path)), len(self.layers))

    def layer_of(self, path: KeyPath) -> Layer | None:
        """Return the layer that names most of a path, the strongest of several; None: the path is nobody's."""
        layer = max(self.layers, key=lambda layer: layer.named(path))
        return layer if layer.named(path) else None


def _merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        standing = below.get(key)
        if isinstance(standing, dict) and isinstance(value, dict):
            below[key] = dict(standing)
            _merge(below[key], value)
        else:
            below[key] = value
