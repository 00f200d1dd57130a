"""`all resume`: go on with a run that was stopped."""

from __future__ import annotations

import click

from allcore.cli.failures import exit_code_of
from allcore.cli.find_run import find_run, run_argument
from allcore.cli.outcomes import tell
from allcore.cli.run_specs import check_foreign
from allcore.errors import LogdirError
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.spec import RunSpec


@click.command("resume")
@run_argument
@click.option("--trust", multiple=True, metavar="MODULE", help="A module that the run may name. Repeatable.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def resume(ctx: click.Context, /, run: str, logdir: str, trust: tuple[str, ...], quiet: bool) -> None:
    """Go on with a run that was stopped, killed or has failed.

    RUN is a run's folder, or a part of its name that no other run has. The run goes on from its newest checkpoint, and ends as
    if it had never been stopped. The command that began it does the same.
    """
    from allcore.experiments.run import resume_run

    folder = RunFolder(find_run(run, logdir))
    record = folder.read_run()
    if "spec" not in record:
        raise LogdirError(
            f"{folder.path} does not say what the run is: run.json cannot be read.",
            hint="Begin it anew with `all run`.",
        )
    spec = RunSpec.from_json(record["spec"], source=folder.run_file)
    check_foreign(ctx, spec, trust, folder.run_file)
    outcome = resume_run(spec, folder, quiet=quiet)
    tell([outcome], logdir, quiet=quiet)
    ctx.exit(exit_code_of([outcome.state]))
