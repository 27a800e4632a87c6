"""Command groups: one that knows what a mistyped command meant, and one that imports a command when it is used."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click


class Group(click.Group):
    """A command group that helps with a mistyped command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of a mistyped one say which are close."""
        names = self.list_commands(ctx)
        known = args[0] in names or args[0].startswith("-")
        if not known and not ctx.resilient_parsing:
            close = get_close_matches(args[0], names, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(close)}?" if close else f"`{ctx.command_path} --help` lists them."
            raise click.UsageError(f"No such command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """``commands_at`` maps each name to ``module:attribute`` and the one line that the group's help shows."""

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were given: as people need them."""
        del ctx
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in self._at:
            return None
        module, attribute = self._at[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Return commands and options that fit, without importing a command."""
        from click.shell_completion import CompletionItem

        items = [CompletionItem(name, help=text) for name, (_, text) in self._at.items() if name.startswith(incomplete)]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._at.items()])
