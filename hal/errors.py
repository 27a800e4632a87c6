"""What can go wrong below the drivers: one tree, dual-typed with the built-ins where they say it too."""


class HalError(Exception):
    """Anything that the hardware layer raises on purpose."""


class LinkDown(HalError, ConnectionError):
    """The link is not connected, or was lost while a request waited: the request may or may not have arrived."""


class CertificateRefused(LinkDown):
    """One end does not accept the other's certificate: nothing was asked, and trying again does not help."""


class BadCredentials(HalError, ValueError):
    """A certificate or key of this side is missing, unreadable, open to others, or of no use."""


class NoAnswer(HalError, TimeoutError):
    """No answer in time: the request may or may not have arrived."""


class BadAnswer(HalError):
    """An answer that does not fit its request: wrong function, unit, length, echo or check sum."""


class Refused(HalError):
    """The station answered with a Modbus exception: the request changed nothing.

    ``function`` is the request's function code, ``code`` the exception code (V1.1b3, section 7).
    """

    def __init__(self, function: int, code: int, why: str = "") -> None:
        super().__init__(why or f"function {function} refused with exception code {code}")
        self.function = function
        self.code = code


class NotAuthorised(Refused):
    """Exception 1 on a secured link: the station does not know the function, or our role has no right to it.

    Modbus/TCP Security (MB-TCP-Security v2.1, 8.3) has one code for both.
    """

    def __init__(self, function: int) -> None:
        why = f"function {function} refused: the role in our certificate has no right to it, or it is unknown"
        super().__init__(function, 1, why)


class WrongStation(HalError):
    """A station is not the one that the configuration names: map, version, kind, tower or place table differ."""


class NotOnline(HalError):
    """The station is not online: its image is stale or its epoch is not in force."""


class ForeignMaster(NotOnline):
    """A higher epoch is in force or a sequence was accepted that this controller never wrote.

    Whoever bears a station that is not online bears this one too: nothing that it shows may be relied on.
    """


class Unsettled(HalError):
    """A mechanism has a written sequence of which nobody knows yet whether it was accepted: settle it first.

    Nothing was written.
    """


class Maintenance(HalError):
    """The maintenance key is on: the tower moves by its local pendant only. Nothing was written."""
