"""Names of users and groups; where a host has none for an id, as in a container, its number."""

import grp
import pwd


def user_name(number: int) -> str:
    """Return the name of a user's id."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """Return the name of a group's id."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
