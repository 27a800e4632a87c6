"""Saying that one stands at the tower and has looked: by --at-tower, or on a terminal when the daemon wants it."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from controller.api.sync_client import SyncClient
from controller.cli.confirm import can_ask, say
from controller.cli.exits import NOT_CONFIRMED, fail
from controller.domain.refusal import Refusal
from controller.domain.roles import ON_SITE

at_tower_option = click.option(
    "--at-tower", is_flag=True, help="Say: I am at the tower, and I have looked. It is kept with your name."
)


def ask(client: SyncClient, method: str, *, at_tower: bool, **params: object) -> Mapping[str, Any]:
    """Ask the daemon for something, and a person for their word if it takes somebody at the tower.

    Without a terminal the daemon's refusal stands. Exits `NOT_CONFIRMED` after a no.

    Raises:
        Refusal: a rule forbids it; nothing has changed.

    """
    try:
        return client.call(method, **params, on_site=at_tower or None)
    except Refusal as refusal:
        if refusal.rule != ON_SITE or at_tower or not can_ask():
            raise
        say([f"{refusal.text[:1].upper()}{refusal.text[1:]}."])
    require_yes("Are you at the tower, and have you looked?")
    return client.call(method, **params, on_site=True)


def require_yes(question: str) -> None:
    """Ask something at the terminal; returns only after a yes, else exits `NOT_CONFIRMED`."""
    try:
        there = click.confirm(question, default=False, err=True)
    except click.Abort:
        print(file=sys.stderr)
        there = False
    if not there:
        fail(NOT_CONFIRMED, "not confirmed: nothing has changed")
