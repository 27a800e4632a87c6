"""How a demonstration fails."""


class DemoFailed(Exception):
    """Something did not go as a day at a tower must go; the text says what."""
