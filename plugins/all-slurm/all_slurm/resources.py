"""What a run asks of the cluster: from settings to sbatch's options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allcore.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What each task of a submission gets. Fields that are None leave it to the cluster.

    Attributes:
        partition: the partition, or several with commas.
        time: the time limit of one task, as sbatch takes it: minutes, `hours:minutes:seconds` or `days-hours`. A run that is
            not done by then saves itself and is queued again.
        grace: seconds before the limit at which the run is told: time for its step, its checkpoint and its end.
        cpus: processors.
        gpus: GPUs; by default one for runs on a GPU.
        memory: as sbatch takes it, such as `8G`.
        account: who pays.
        sbatch: further options for sbatch, as they would be typed.
        setup: lines of shell that are run before the program, such as `module load cuda`.
    """

    partition: str | None = None
    time: str | None = None
    grace: int = 120
    cpus: int | None = None
    gpus: int | None = None
    memory: str | None = None
    account: str | None = None
    sbatch: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()

    @classmethod
    def read(cls, setting: Callable[[str], Any]) -> Resources:
        """Read all fields from the settings of the same names.

        Raises:
            UsageError: a value does not fit.
        """
        return cls(**{name: setting(f"slurm.{name}") for name in cls.__dataclass_fields__})

    def __post_init__(self) -> None:
        """Refuse what sbatch would misread, and what would keep us from finding our jobs again.

        Raises:
            UsageError: a number is out of range, the time limit is shorter than the grace, or a further option is one of ours.
        """
        for part in self._further():
            if _is_ours(part):
                raise UsageError(
                    f"slurm.sbatch names {part.partition('=')[0]}, which is given by us: runs are found and queued again by it.",
                    hint="Leave it out. --jobs 8 lets eight run at once, slurm.grace says when they are told to end, and all of "
                    "Slurm's commands heed the variable SLURM_CLUSTERS.",
                )
        for name, least in (("grace", 1), ("cpus", 1), ("gpus", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"slurm.{name} is at least {least}, not {value}.")
        seconds = None if self.time is None else seconds_of(self.time)
        if seconds is not None and seconds <= self.grace:
            raise UsageError(
                f"The time limit of {self.time} leaves no time: a run is told {self.grace} s before it that it has to end.",
                hint="Give more time (--executor-set time=1:00:00), or a shorter grace (--executor-set grace=30).",
            )

    def options(self, *, on_gpu: bool) -> list[str]:
        """The options for sbatch.

        Args:
            on_gpu: whether the runs compute on a GPU.
        """
        gpus = (1 if on_gpu else None) if self.gpus is None else self.gpus
        given = {
            "partition": self.partition,
            "time": self.time,
            "cpus-per-task": self.cpus,
            "gpus": gpus or None,
            "mem": self.memory,
            "account": self.account,
        }
        options = [f"--{name}={value}" for name, value in given.items() if value is not None]
        options.append(f"--signal=B:USR1@{self.grace}")
        return [*options, *self._further()]

    def _further(self) -> list[str]:
        """The further options, word by word.

        Raises:
            UsageError: a quotation has no end.
        """
        try:
            return [part for option in self.sbatch for part in shlex.split(option)]
        except ValueError as error:
            raise UsageError(
                f"slurm.sbatch cannot be read: {error} in {' '.join(self.sbatch)!r}.",
                hint="Type the options as for sbatch, such as --executor-set sbatch=--constraint=a100",
            ) from None


def _is_ours(part: str) -> bool:
    """Whether a word of a command line is an option that the executor gives itself; sbatch takes long ones shortened."""
    if part.startswith("--"):
        name = part[2:].partition("=")[0]
        return any(own.startswith(name) for own in _OURS)
    return part.startswith(_OURS_SHORT)


#: What `allcore`'s runs depend on: how jobs are found, logged, told to end, and queued again.
_OURS = ("job-name", "array", "output", "open-mode", "requeue", "no-requeue", "signal", "wrap", "clusters")
_OURS_SHORT = ("-J", "-a", "-o", "-M")


def seconds_of(time: str) -> int | None:
    """The seconds of a time limit as sbatch takes it; None for no limit.

    Raises:
        UsageError: sbatch would not take it.
    """
    if time.strip().upper() in ("UNLIMITED", "INFINITE"):
        return None
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", time.strip())
    if match is None:
        raise UsageError(
            f"slurm.time is {time!r}.", hint="Type it like 90 (minutes), 4:00:00 or 2-12 (days-hours)."
        )
    days, *parts = (int(part) if part is not None else None for part in match.groups())
    first, second, third = parts
    assert first is not None
    if days is not None:  # days-hours[:minutes[:seconds]]
        hours, minutes, seconds = first, second or 0, third or 0
    elif third is not None:  # hours:minutes:seconds
        hours, minutes, seconds = first, second or 0, third
    else:  # minutes[:seconds]
        hours, minutes, seconds = 0, first, second or 0
    return ((days or 0) * 24 + hours) * 3600 + minutes * 60 + seconds
