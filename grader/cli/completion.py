"""``grader completion``: what makes a shell complete commands with Tab."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands and options of grader with Tab.

    For bash: grader completion bash >> ~/.bashrc; for zsh: >> ~/.zshrc; for fish: >
    ~/.config/fish/completions/grader.fish.
    """
    complete = get_completion_class(shell)
    assert complete
    click.echo(complete(context.find_root().command, {}, "grader", "_GRADER_COMPLETE").source())
