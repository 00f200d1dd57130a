"""The family `gym`: whatever Gymnasium has registered. Importing this imports neither Gymnasium nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean

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
        UsageError: a package that the environment needs is not installed, or an option does not exist.
    """
    import gymnasium
    from gymnasium import error

    try:
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
    except TypeError as problem:
        if "unexpected keyword argument" not in str(problem):
            raise
        raise UsageError(
            f"The environment {environment_id!r} does not take all of these options: {', '.join(options)}.",
            hint=str(problem),
        ) from problem


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
