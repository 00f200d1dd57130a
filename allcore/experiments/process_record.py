"""What is worth knowing later about the process that a run was made by."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Distributions whose version may change a result, whichever plugins take part.
_DISTRIBUTIONS = ("allcore", "torch", "numpy", "gymnasium")


def process_record(distributions: Iterable[str] = ()) -> dict[str, Any]:
    """Describe this process, for `run.json`.

    Args:
        distributions: further installed distributions that the run uses, such as `all-atari`. What they depend on, such as
            `ale-py`, is looked up.

    Returns:
        `versions`, `git` (commit and whether there were changes, of the folder that the command was given in; None
        outside a repository), `host`, `platform`, `processor`, `cpus`, `threads` (torch's; None if it is not loaded), `command`
        and `started`.
    """
    torch = sys.modules.get("torch")
    return {
        "versions": _versions(distributions),
        "git": _git(),
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "threads": None if torch is None else torch.get_num_threads(),
        "command": sys.argv,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    """The processor's model and the instructions that torch uses of it: others may compute other last digits."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        named = re.search(
            r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
        )
        model = named[1].strip() if named else model
    torch = sys.modules.get("torch")
    return model if torch is None else f"{model} ({torch.backends.cpu.get_cpu_capability()})"


def _versions(distributions: Iterable[str]) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    needed = [name for distribution in distributions for name in (distribution, *_dependencies(distribution))]
    for name in (*_DISTRIBUTIONS, *needed):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _dependencies(distribution: str) -> list[str]:
    """The names of what a distribution says that it needs, extras left out."""
    try:
        requirements = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^A-Za-z0-9._-]", text)[0] for text in requirements if "extra ==" not in text]


def _git() -> dict[str, Any] | None:
    try:
        commit = _ask_git("rev-parse", "HEAD")
        return {"commit": commit, "changes": bool(_ask_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _ask_git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
