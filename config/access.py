"""Who may do what at the local socket: roles by the users and groups of the host."""

from typing import Annotated, Literal

from pydantic import Field

from config.table import Table

Word = Literal["viewer", "operator", "technician", "engineer"]

Name = Annotated[str, Field(pattern=r"^[^\s:,\x00-\x1f]([^:,\x00-\x1f]*[^\s:,\x00-\x1f])?$", max_length=256)]
"""As the host writes it: no colon, comma or control character, no blank at either end."""

Names = Annotated[tuple[Name, ...], Field(max_length=64, strict=False)]


class Holders(Table):
    """Who holds a role. Somebody whom several roles name has the highest of them."""

    groups: Names = ()
    """Groups of the host whose members hold the role: joined or left, it counts from the next login on."""
    users: Names = ()
    """Users of the host who hold the role."""


class Viewers(Holders):
    """Who looks at everything."""


class Operators(Holders):
    """Who runs the day: orders, unit commands, parked jobs, alarms."""


class Technicians(Holders):
    """Who works on the machine: modes, jogging, bays out of use, alarms that a technician clears."""


class Engineers(Holders):
    """Who decides what the tower is to believe and to leave out: inventory, sensors, alarms, adoption."""


class Access(Table):
    """Roles at the daemon's socket. Root and the daemon's own user are engineers, whatever stands here."""

    others: Word = "operator"
    """Role of whom nobody names here and who may open the socket, as its owner and its group may. Never above the role
    of a name here that the host does not know."""
    viewer: Viewers = Field(default_factory=Viewers)
    operator: Operators = Field(default_factory=Operators)
    technician: Technicians = Field(default_factory=Technicians)
    engineer: Engineers = Field(default_factory=Engineers)
