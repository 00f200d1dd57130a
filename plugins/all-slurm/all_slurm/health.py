"""Whether a Slurm cluster can be reached from this machine."""

from __future__ import annotations

import shutil
import subprocess

#: Seconds that the controller has to answer; its own clients give up after nine.
PATIENCE = 10


def check_cluster() -> str:
    """Ask the controller for its partitions.

    Returns:
        One line: the partitions, or that this machine has no Slurm, which is no fault.

    Raises:
        RuntimeError: Slurm is installed and does not answer.
    """
    sinfo = shutil.which("sinfo")
    if sinfo is None:
        return "no Slurm on this machine (sinfo is not on the PATH): jobs are submitted from a cluster's login node"
    try:
        answer = subprocess.run(
            [sinfo, "--noheader", "--format=%P"], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"Slurm's controller did not answer within {PATIENCE} s: is slurmctld running?"
        ) from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"sinfo failed: {error.stderr.strip()}") from None
    return f"partitions: {', '.join(answer.stdout.split()) or 'none'}"
