"""Exit codes of `cartower`, and how errors become them."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Final, NoReturn, ParamSpec

from controller.api.messages import INVALID_PARAMS, METHOD_NOT_FOUND, ApiError, NotReachable
from controller.cli.due import local_times
from controller.cli.next_step import NEXT_STEP
from controller.domain.refusal import Refusal
from controller.domain.roles import ROLE

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NOT_REACHABLE: Final = 3
OTHERWISE: Final = 4
BAD_CONFIGURATION: Final = 5
NOT_CONFIRMED: Final = 6
JOURNAL: Final = 74
"""EX_IOERR of sysexits.h."""
NOT_ALLOWED: Final = 77
"""EX_NOPERM of sysexits.h."""
INTERRUPTED: Final = 130
"""128 and SIGINT, as shells say it."""
INTERNAL: Final = 70
"""EX_SOFTWARE of sysexits.h."""

EXIT_CODES: Final = """\b
Exit codes:
  0   done
  1   refused by a rule; nothing has changed
  2   wrong use of the command line, or an input file that cannot be read
  3   no daemon at the socket (or, for `run`, another one is there already)
  4   ended otherwise than asked: a job or unit with --wait, an import that sensors contradict, a failed check
  5   faults in a configuration
  6   not confirmed: the tower was not asked, nothing has changed (--yes confirms)
  70  the daemon failed inside
  74  the journal, or a file made from it, cannot be read or written
  77  not for your role; nothing has changed (cartower whoami)
  130 interrupted by Ctrl-C: what the tower was asked for goes on, but a jog ends
"""

P = ParamSpec("P")


def fail(code: int, text: str) -> NoReturn:
    """Say why on standard error and exit."""
    print(text, file=sys.stderr)
    sys.exit(code)


def translated(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that what the daemon, or the way to it, objects to becomes a line and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Refusal as refusal:
            code = NOT_ALLOWED if refusal.rule == ROLE else REFUSED
            fail(code, f"refused ({refusal.rule}): {local_times(refusal.text)}{_advice(refusal.rule)}")
        except KeyboardInterrupt:
            fail(INTERRUPTED, "interrupted: what the tower was asked for goes on")
        except NotReachable as error:
            fail(NOT_REACHABLE, error.text)
        except ApiError as error:
            usage = error.code in (INVALID_PARAMS, METHOD_NOT_FOUND)
            fail(USAGE if usage else INTERNAL, f"the daemon answers: {error.text}")

    return run


def _advice(rule: str) -> str:
    step = NEXT_STEP.get(rule)
    return f"\nnext: {step}" if step else ""
