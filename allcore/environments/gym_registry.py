"""The family `gym`: whatever Gymnasium has registered. Importing this imports neither Gymnasium nor torch."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from allcore.errors import AllError, UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean
from allcore.plugins.causes import quote_call

if TYPE_CHECKING:
    import gymnasium
    import torch

    from allcore.environments.gym import GymEnvironment


def names() -> list[str]:
    """The ids that Gymnasium has registered."""
    import gymnasium

    return sorted(gymnasium.registry)


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> GymEnvironment:
    """Make the environment with the id `name`: the target of the family `gym`.

    Raises:
        UnknownEnvironmentError: Gymnasium has no such id.
        UsageError: a package that the environment needs is not installed, or an option does not exist.
    """
    from allcore.environments.gym import GymEnvironment

    return GymEnvironment(name, device, **options)


def make_gymnasium(environment_id: str, **options: Any) -> gymnasium.Env:
    """`gymnasium.make`, with errors that say what to do.

    Raises:
        UnknownEnvironmentError: Gymnasium has no such id.
        UsageError: a package that the environment needs is not installed, an option does not exist, or the environment's
            constructor does not take its value.
    """
    import gymnasium
    from gymnasium import error

    try:
        with without_deprecations():
            return gymnasium.make(environment_id, **options)
    except error.UnregisteredEnv as problem:
        hint = did_you_mean(environment_id, names()) or "'all list environments' shows what there is."
        hint += _hint_on_namespace(environment_id)
        raise UnknownEnvironmentError(
            f"Gymnasium has no environment {environment_id!r}.", hint=hint
        ) from problem
    except error.DependencyNotInstalled as problem:
        raise UsageError(f"The environment {environment_id!r} lacks a package: {problem}") from problem
    except ModuleNotFoundError as problem:
        raise _module_not_found(environment_id, problem) from problem
    except (
        error.Error,
        ImportError,
    ) as problem:  # the latter where a version is gone, or its simulator too new
        raise UsageError(f"Gymnasium does not make {environment_id!r}: {problem}") from problem
    except AllError:
        raise
    except Exception as problem:  # the environment's constructor may raise anything
        if "unexpected keyword argument" in str(problem):
            raise UsageError(
                f"The environment {environment_id!r} does not take all of these options: {', '.join(options)}.",
                hint=str(problem),
            ) from problem
        raise cannot_be_made(f"The environment {environment_id!r}", options, problem) from problem


@contextlib.contextmanager
def without_deprecations() -> Iterator[None]:
    """Let Gymnasium keep to itself that there is a newer version of what was asked for by its name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"gymnasium\.")
        yield


def cannot_be_made(what: str, options: Mapping[str, Any], problem: Exception) -> UsageError:
    """The error that says what the code of an environment raised when it was called with `options`."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    called = f" with the options {given}" if given else ""
    return UsageError(
        f"{what} cannot be made{called}: {quote_call(problem)}.",
        hint="'--env-set name=value' changes an option." if given else None,
    )


def _hint_on_namespace(environment_id: str) -> str:
    """Ids such as `ALE/Pong-v5` exist once the package that registers them has been imported."""
    if "/" not in environment_id or ":" in environment_id:
        return ""
    return f" If a package registers it, name that package first: 'gym:package:{environment_id}'."


def _module_not_found(environment_id: str, problem: ModuleNotFoundError) -> UsageError:
    module, colon, _ = environment_id.partition(":")
    missing = problem.name or getattr(problem.__cause__, "name", None)
    if colon and missing == module:
        return UnknownEnvironmentError(
            f"There is no module {module!r}, which should register the environment {environment_id!r}.",
            hint=f"Is it installed, and spelt like its import name? pip install {module}",
        )
    return UsageError(
        f"The environment {environment_id!r} needs the package {missing!r}, which is not installed.",
        hint=f"pip install {missing}",
    )
