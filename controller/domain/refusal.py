"""How a request of a person or program is refused. Apart from the requests, as most commands need it alone."""


class Refusal(Exception):
    """A rule forbids the request; nothing has changed.

    ``rule`` is a stable upper-case name (``UNKNOWN_CAR``, ``TOWER_FULL``, ``ROOM_IN_USE`` ...) that programs may
    match; ``text`` tells a person why and what would help.
    """

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule
        self.text = text
