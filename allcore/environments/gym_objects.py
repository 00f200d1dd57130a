"""What to call an environment object of Gymnasium's, so that another like it can be made, or nobody takes another one for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.wrappers import (
    HumanRendering,
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    RecordVideo,
    RenderCollection,
    TimeLimit,
)

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

#: What `gymnasium.make` puts around an environment by itself, or what changes nothing that an agent sees.
_IN_THE_NAME: tuple[type, ...] = (
    TimeLimit,
    OrderEnforcing,
    PassiveEnvChecker,
    HumanRendering,
    RenderCollection,
    RecordEpisodeStatistics,
    RecordVideo,
)


def name_of(env: gymnasium.Env) -> tuple[str, dict[str, Any]]:
    """The key of an environment object, and its options.

    That is `gym:ID` where `gymnasium.make` with these options makes another like it. Where somebody put wrappers around it, it is
    `my_module:MyWrapper(CartPole-v1)`, which cannot be made by its name: better than `CartPole-v1`, which is something else.
    """
    spec = env.spec
    wrappers = [type(wrapper) for wrapper in _wrappers(env, made=spec is not None)]
    if spec is None and not wrappers:
        kind = type(env)
        return f"{kind.__module__}:{kind.__qualname__}", {}
    inner = type(env.unwrapped).__qualname__ if spec is None else spec.id
    if not wrappers and spec is not None:
        options = _options(spec)
        if _is_plain(options):
            return f"gym:{inner}", options
        wrappers = [type(env.unwrapped)]  # by its class: the id alone would be another environment
    names = "(".join([wrapper.__qualname__ for wrapper in wrappers] + [inner])
    return f"{wrappers[0].__module__}:{names}{')' * len(wrappers)}", {}


def _wrappers(env: gymnasium.Env, *, made: bool) -> Iterator[gymnasium.Env]:
    """What somebody put around an environment, the outermost first.

    Args:
        env: the environment.
        made: whether `gymnasium.make` made it: then what is within its `OrderEnforcing` came with it.
    """
    limited = False
    while isinstance(env, gymnasium.Wrapper):
        second = limited and isinstance(env, TimeLimit)  # of which the options can name one only
        limited = limited or isinstance(env, TimeLimit)
        if second or not made or type(env) not in _IN_THE_NAME:
            yield env
        if made and isinstance(env, OrderEnforcing):
            return
        env = env.env


def _options(spec: EnvSpec) -> dict[str, Any]:
    """What an environment was made with, where the registered one has something else. How it is shown makes no difference."""
    registered = gymnasium.registry.get(spec.id)
    usual = {} if registered is None else registered.kwargs
    options = {
        name: value
        for name, value in spec.kwargs.items()
        if name != "render_mode" and (name not in usual or not _same(usual[name], value))
    }
    if registered is not None and spec.max_episode_steps != registered.max_episode_steps:
        none = -1  # as `gymnasium.make` has it
        options["max_episode_steps"] = none if spec.max_episode_steps is None else spec.max_episode_steps
    return options


def _same(one: Any, other: Any) -> bool:
    return one is other or (_is_plain(one) and _is_plain(other) and one == other)


def _is_plain(value: Any) -> bool:
    """Whether JSON gives it back as it is."""
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False
