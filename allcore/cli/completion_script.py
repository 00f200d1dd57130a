"""`all completion`: the script that makes a shell complete `all`, and how it talks to us."""

from __future__ import annotations

import os
from typing import Any

import click
from click.shell_completion import BashComplete, add_completion_class, get_completion_class, split_arg_string

#: A shell that completes sets this variable and calls `all`.
COMPLETE_VARIABLE = "_ALL_COMPLETE"

_WHERE = {
    "bash": 'Put this line into ~/.bashrc: eval "$(all completion bash)"',
    "zsh": 'Put this line into ~/.zshrc: eval "$(all completion zsh)"',
    "fish": "Put this line into ~/.config/fish/completions/all.fish: all completion fish | source",
}


@click.command(
    "completion",
    epilog="\b\n" + "\n".join(_WHERE.values()),
)
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script for tab completion in SHELL."""
    add_completion_class(Bash)
    complete_class = get_completion_class(shell)
    if complete_class is None:
        raise click.UsageError(f"This version of click cannot complete in {shell}.")
    click.echo(f"# {_WHERE[shell]}")
    click.echo(complete_class(ctx.find_root().command, {}, "all", COMPLETE_VARIABLE).source())


def prepare_completion() -> None:
    """Make click use our way of completing in bash, and keep warnings off the line that the user is typing."""
    from allcore.plugins import configure

    add_completion_class(Bash)
    configure(warn=False)


class Bash(BashComplete):
    """Completion in bash that can cope with `family:name` and `name=value`.

    Bash takes `:` and `=` for the ends of words. So we are handed the line instead of the words, split it ourselves,
    and give back only what bash thinks the last word is.
    """

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' line response type value
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    for line in $response; do
        IFS=',' read -r type value <<< "$line"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("$value")
                [[ $value == *[=:] ]] && compopt -o nospace ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Split the line up to the cursor into the whole words and the one that is being typed."""
        line = os.environ.get("COMP_LINE", "")
        words = split_arg_string(line)[1:]
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        # In `--env=atari:Bre` click completes what stands after the option.
        value = incomplete.partition("=")[2] if incomplete.startswith("-") else incomplete
        ends = [end for end in ":=" if end in os.environ.get("COMP_WORDBREAKS", ":=")]
        self._kept = value[: max((value.rfind(end) + 1 for end in ends), default=0)]
        return words, incomplete

    def format_completion(self, item: Any) -> str:
        """Take away what bash keeps by itself."""
        return f"{item.type},{str(item.value).removeprefix(self._kept)}"
