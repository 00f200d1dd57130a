"""`all evaluate`: how good the agent of a finished run is."""

from __future__ import annotations

from typing import Any

import click

from allcore.cli.completion import complete_devices
from allcore.cli.find_run import find_run, run_argument
from allcore.cli.tables import echo_fields, echo_json


@click.command("evaluate")
@run_argument
@click.option(
    "--episodes",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Games to play.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="The games' seed. Without it they are those of the run's own last evaluation, with the same results.",
)
@click.option(
    "--device", default="cpu", show_default=True, shell_complete=complete_devices, help="cpu, cuda, ..."
)
@click.option(
    "--trust", multiple=True, metavar="MODULE", help="A module that the saved preset may name. Repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the return and length of each game.")
def evaluate(
    run: str,
    logdir: str,
    episodes: int,
    seed: int | None,
    device: str,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play games with a run's agent, without learning.

    RUN is a run's folder, or a part of its name that no other run has. Returns are whole games' and unclipped.
    """
    from allcore.experiments.evaluation import evaluate_run

    folder = find_run(run, logdir)
    result = evaluate_run(folder, episodes=episodes, seed=seed, device=device, trust=trust)
    if as_json:
        echo_json({"run": str(folder), **result})
        return
    click.echo(f"{folder}: {episodes} game{'' if episodes == 1 else 's'}")
    echo_fields([(title, _number(result[name])) for name, title in _SHOWN.items()])
    agents = result.get("agents", {})
    if agents:
        click.echo("Of each agent (the returns above are their means):")
        echo_fields([(f"mean return of {name}", _number(theirs["mean"])) for name, theirs in agents.items()])


_SHOWN = {
    "mean": "mean return",
    "std": "standard deviation",
    "max": "highest",
    "min": "lowest",
    "mean_length": "mean length in agent steps",
}


def _number(value: Any) -> str:
    return f"{value:,.2f}"
