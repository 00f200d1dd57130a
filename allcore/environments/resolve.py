"""From what a user types after `--env` to an environment."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from allcore.environments.environment import Environment
from allcore.environments.multiagent_environment import AnyEnvironment, MultiagentEnvironment
from allcore.errors import AllError, DomainError, PluginError, UnknownEnvironmentError, UsageError
from allcore.imports import import_user_module
from allcore.keys import did_you_mean
from allcore.plugins import Entry, registry

if TYPE_CHECKING:
    import torch

#: Which distribution has a family, for those who have not installed it; a module of the user's own comes first.
_PLUGINS = {
    "atari": "all-atari",
    "classic": "all-agents",
    "continuous": "all-agents",
    "mujoco": "all-mujoco",
    "pettingzoo": "all-pettingzoo",
}

_LIST = "'all list environments' shows what there is."

#: What the program says to an environment itself. A file whose options said its `key` would decide what is imported next time.
_OURS = ("self", "name", "environment", "device", "key", "make")


def resolve_environment(
    text: str,
    *,
    domain: str | None,
    device: torch.device | str = "cpu",
    options: Mapping[str, Any] | None = None,
) -> AnyEnvironment:
    """Make the environment that `text` names.

    `text` is a bare name (`Breakout`), which belongs to the family of `domain`; a family and a name
    (`atari:Breakout`, `gym:Acrobot-v1`, `core.gym:Acrobot-v1`); or a function of the user's own (`my_module:make`) that
    returns an `Environment`, a `MultiagentEnvironment` or an environment with Gymnasium's interface.

    Args:
        text: what the user typed.
        domain: the domain of the preset that is to learn it; None for any.
        device: where the tensors of its states go.
        options: passed to the family or to the user's function.

    Raises:
        UnknownEnvironmentError: there is no such environment, module or function.
        DomainError: it belongs to another domain than `domain`.
        PluginError: the family is broken.
    """
    family = find_family(text, domain)
    arguments = dict(options or {})
    if family is None:
        return _from_factory(text, device, arguments)
    make = registry().load(family)
    _refuse_unknown_options(make, arguments, family)
    environment: AnyEnvironment = make(_bare_name(text), device=device, **arguments)
    return environment


def _refuse_unknown_options(make: Callable[..., Any], options: Mapping[str, Any], family: Entry) -> None:
    """Complain about options that a family does not have; one that takes any complains for itself, but for `_OURS`."""
    parameters = inspect.signature(make).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    keywords = [name for name, given in parameters.items() if given.kind is inspect.Parameter.KEYWORD_ONLY]
    known = [name for name in keywords if name != "device"]
    for name in options:
        if name not in known and (not takes_any or name in _OURS):
            near = did_you_mean(name, known)
            raise UsageError(
                f"{family.key} has no option {name!r}.",
                hint=f"{near or ''} 'all show {family.key}' lists them all.".strip(),
            )


def find_family(text: str, domain: str | None) -> Entry | None:
    """The family that `text` belongs to, without making anything; None if it names a function of the user's own.

    Raises:
        UnknownEnvironmentError: no family has such a name, nor is there such a function.
        DomainError: it belongs to another domain than `domain`.
    """
    prefix, colon, _ = text.partition(":")
    if not colon:
        return _family_of_bare_name(text, domain)
    named = [
        entry for entry in registry().records("environments") if prefix in (entry.key, entry.record.name)
    ]
    if not named:
        _refuse_left_out(prefix)
        return None
    family: Entry = registry().find("environments", prefix)  # complains where several plugins have the name
    if domain is not None and family.record.domain not in (None, domain):
        raise _other_domain(text, family, domain)
    return family


def _refuse_left_out(prefix: str) -> None:
    """Complain if `prefix` is the namespace of a plugin that is not loaded: a simulator's package may have that name, too."""
    namespace = prefix.partition(".")[0]
    for status in registry().plugins():
        if status.namespace == namespace and not status.usable:
            registry().find("environments", f"{namespace}.{prefix.rpartition('.')[2]}")  # raises why


def _bare_name(text: str) -> str:
    return text.partition(":")[2] or text


def _family_of_bare_name(name: str, domain: str | None) -> Entry:
    families = registry().records("environments")
    mine = [family for family in families if family.record.domain is not None]
    if domain is not None:
        mine = [family for family in mine if family.record.domain == domain]
    having = [family for family in mine if name in _names(family)]
    if len(having) == 1:
        return having[0]
    if having:
        keys = " or ".join(f"'{family.key}:{name}'" for family in having)
        raise UnknownEnvironmentError(f"Several families have an environment {name!r}.", hint=f"Say {keys}.")
    elsewhere = [family for family in families if family not in mine and name in _names(family)]
    # Whoever types another domain's environment should hear that first.
    for family in elsewhere:
        if family.record.domain is not None:
            raise _other_domain(name, family, str(domain))
    if len(mine) == 1:
        # It knows what other spellings it accepts, which of its names are near, and which are gone.
        return mine[0]
    for family in elsewhere:
        which = "any domain" if domain is None else "this preset's domain"
        raise UnknownEnvironmentError(
            f"No environment of {which} is called {name!r}.",
            hint=f"Did you mean '{family.record.name}:{name}'?",
        )
    near = did_you_mean(name, [known for family in mine or families for known in _names(family)])
    raise UnknownEnvironmentError(f"There is no environment {name!r}.", hint=f"{near or ''} {_LIST}".strip())


def _names(family: Entry) -> list[str]:
    try:
        names: list[str] = registry().load(family, "names")()
    except PluginError:  # a broken family costs itself only
        return []
    return names


def _other_domain(text: str, family: Entry, domain: str) -> DomainError:
    examples = [
        example
        for entry in registry().records("environments")
        if entry.record.domain == domain
        for example in entry.record.examples
    ]
    hint = f"Environments of that domain: {', '.join(examples[:4])}. {_LIST}" if examples else _LIST
    return DomainError(
        f"{text!r} belongs to the domain {family.record.domain!r} ({family.key}), but the preset is made for {domain!r}.",
        hint=hint,
    )


# ---- a function of the user's own


def _from_factory(text: str, device: torch.device | str, options: dict[str, Any]) -> AnyEnvironment:
    import gymnasium

    from allcore.environments.gym import GymEnvironment
    from allcore.environments.gym_registry import cannot_be_made

    factory = _import_factory(text)
    if "device" in _parameters(factory):
        options["device"] = device
    try:
        made = factory(**options)
    except AllError:
        raise
    except Exception as error:  # the user's own code, which may raise anything
        raise cannot_be_made(repr(text), options, error) from error
    if isinstance(made, (Environment, MultiagentEnvironment)):
        return made
    if isinstance(made, gymnasium.Env):
        if taken := [name for name in options if name in ("environment", "device", "key", "make")]:
            raise UsageError(
                f"An environment with Gymnasium's interface cannot have an option {taken[0]!r}, as {text!r} has.",
                hint="Call it something else, or let the function return an Environment.",
            )
        return GymEnvironment(made, device, key=text, make=factory, **options)
    raise UsageError(
        f"{text!r} returned a {type(made).__name__}, which is no environment.",
        hint="It must return a gymnasium.Env, or an Environment or MultiagentEnvironment of allcore.environments.",
    )


def _import_factory(text: str) -> Callable[..., Any]:
    module_name, _, attribute = text.partition(":")
    if attribute.endswith(")"):
        raise UnknownEnvironmentError(
            f"{text!r} was an object with wrappers, or with options that no file can hold: it is not found again by a name.",
            hint="Write a function that returns it, and name that one: 'my_module:make'.",
        )
    families = [entry.record.name for entry in registry().records("environments")]
    try:
        module = import_user_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"The module of {text!r} needs {error.name!r}, which is not installed."
            ) from error
        _refuse_not_installed(text)
        hint = did_you_mean(module_name, families) or f"Families are {', '.join(families)}. {_LIST}"
        raise UnknownEnvironmentError(
            f"{module_name!r} is neither a family of environments nor a module that can be imported.",
            hint=hint,
        ) from error
    factory = getattr(module, attribute, None)
    if not callable(factory):
        _refuse_not_installed(text)
        near = did_you_mean(attribute, [name for name in vars(module) if not name.startswith("_")])
        raise UnknownEnvironmentError(f"The module {module_name!r} has no function {attribute!r}.", hint=near)
    return factory


def _refuse_not_installed(text: str) -> None:
    """Complain if `text` names a family of a plugin that belongs to allcore and is not installed."""
    if plugin := _PLUGINS.get(text.partition(":")[0].rpartition(".")[2]):
        raise UnknownEnvironmentError(
            f"{text!r} needs the plugin {plugin}, which is not installed.", hint=f"pip install {plugin}"
        )


def _parameters(factory: Callable[..., Any]) -> set[str]:
    try:
        return set(inspect.signature(factory).parameters)
    except ValueError:  # made in C, says nothing about itself
        return set()
