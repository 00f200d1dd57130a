"""An executor of your own: runs are put into a waiting folder, and whoever comes by takes them from there.

In this folder:

    all --plugin folder_executor.py run --preset classic.dqn --env CartPole-v1 --frames 2k --executor folder_executor.waiting
    all --plugin folder_executor.py runs
    all --plugin folder_executor.py folder_executor take

A cluster's scheduler takes the place of the waiting folder: `submit` hands over, `standings` asks, `cancel` takes back.
"""

import subprocess
import sys
from pathlib import Path

import click

from allcore.executors import Executor, Standing
from allcore.executors.submissions import prepare, read_submission, write_submission
from allcore.executors.worker import command_line
from allcore.experiments import Outcome
from allcore.plugins import CommandRecord, ExecutorRecord, hookimpl

WAITING = Path("waiting")


class WaitingExecutor(Executor):
    """Writes a file for each run into the folder `waiting`; its lines are the arguments of a worker."""

    def submit(self, specs):
        """Hand the runs over. Their folders say all that a worker needs."""
        WAITING.mkdir(exist_ok=True)
        outcomes = []
        for spec, folder in zip(specs, prepare(specs, self.logdir, fresh=self.fresh), strict=True):
            if folder.read_status().get("state") == "finished":
                outcomes.append(Outcome(spec=spec, folder=folder.path, state="already finished"))
                continue
            ticket = WAITING / f"{spec.run_name}.txt"
            ticket.write_text("\n".join([*command_line([spec]), str(folder.path)]))
            write_submission(folder.path, {"executor": "folder_executor.waiting", "ticket": str(ticket)})
            outcomes.append(Outcome(spec=spec, folder=folder.path, state="submitted", message=str(ticket)))
        return outcomes

    def standings(self, folders):
        """Whether each run waits."""
        waits = {folder: Path(read_submission(folder)["ticket"]).exists() for folder in folders}
        return {
            folder: Standing("queued" if waits[folder] else "unknown", "in a folder") for folder in folders
        }

    def cancel(self, folders):
        """Take runs back."""
        for folder in folders:
            Path(read_submission(folder)["ticket"]).unlink(missing_ok=True)


@click.command()
def take():
    """Carry out whatever waits."""
    for ticket in sorted(WAITING.glob("*.txt")):
        arguments = ticket.read_text().splitlines()
        ticket.unlink()
        subprocess.run([sys.executable, "-m", "allcore.executors.worker", *arguments], check=False)


@hookimpl
def all_executors():
    """Announce the executor."""
    target = f"{__name__}:WaitingExecutor"
    return [ExecutorRecord(name="waiting", target=target, summary="Into a folder, for whoever comes by")]


@hookimpl
def all_commands():
    """Announce the command."""
    return [CommandRecord(name="take", target=f"{__name__}:take", summary="Carry out whatever waits")]
