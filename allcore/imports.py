"""Importing a module that the user named."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType


def import_user_module(name: str) -> ModuleType:
    """Import a module that the user named, also from the folder in which they typed the command.

    That folder comes last, so that a file of theirs hides no installed module.

    Raises:
        ImportError: there is no such module, or something that it needs is missing.
    """
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    finally:
        if added:
            sys.path.remove(here)
