"""What a journal objects to, as a line and an exit code."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from controller.cli.exits import JOURNAL, OTHERWISE, REFUSED, fail
from controller.store.errors import JournalDamaged, JournalLocked

P = ParamSpec("P")


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that a journal that is in use, damaged or out of reach ends it with a line and a code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except JournalLocked as error:
            fail(REFUSED, f"refused: {error}\nnext: stop the daemon first; nothing has changed")
        except JournalDamaged as error:
            fail(OTHERWISE, f"damaged: {error}\nnext: keep the file; `cartower restore` puts a backup in its place")
        except FileExistsError as error:
            fail(REFUSED, f"refused: {error}; nothing is ever written over")
        except BrokenPipeError:  # whoever read the output has gone, as `head` does: no fault of a journal
            raise
        except OSError as error:
            fail(JOURNAL, f"cannot be read or written: {error}")

    return run
