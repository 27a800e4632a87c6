"""`cartower completion`: the script that lets a shell complete commands, cars, jobs, bays, rooms and signals."""

import click
from click.shell_completion import get_completion_class

from controller.cli.examples import shown

VARIABLE = "_CARTOWER_COMPLETE"
"""Set by the script: click answers it before any command runs."""


@click.command(
    epilog=shown(
        'eval "$(cartower completion bash)"                              # in ~/.bashrc',
        'eval "$(cartower completion zsh)"                               # in ~/.zshrc, after compinit',
        "cartower completion fish > ~/.config/fish/completions/cartower.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a completion script for SHELL.

    Cars, jobs, bays, rooms, stations and signals are asked from the daemon of --run-dir or CARTOWER_RUN_DIR; without
    a daemon commands and options are completed alone. Needs bash 4.4, zsh or fish.
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click knows all three"
    script = kind(ctx.find_root().command, {}, "cartower", VARIABLE)
    click.echo(script.source_template % script.source_vars())
