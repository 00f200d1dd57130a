"""What the floors share: how they are timed, the barest simulators, and networks in their fastest form.

A floor is the same number of simulator steps, choices and updates as in training, each kind timed alone. Nothing is stored,
sampled or logged, so whoever needs one after the other cannot be faster than their sum.
"""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import cv2
import gymnasium
import mujoco
import numpy as np
import torch
from ale_py import ALEInterface, LoggerMode, roms
from ale_py.vector_env import AtariVectorEnv
from gymnasium.envs.classic_control.cartpole import CartPoleEnv, CartPoleVectorEnv
from measured import Stopwatch, report
from torch import Tensor, nn
from torch.nn.functional import linear

Part = Callable[[], object]

BREAKOUT_ACTIONS = 4
CARTPOLE_ACTIONS = 2
DRAWN = 10_000  # random actions, drawn beforehand


def measure(
    given: Mapping[str, Any], learnt: Iterable[Tensor], parts: Mapping[str, tuple[Part, int]]
) -> None:
    """Call each part as often as is given beside it, and report all of them together, and the time of each."""
    keep_memory()
    for call, _ in parts.values():
        milliseconds(call, 20)
    stopwatch = Stopwatch(learnt)
    stopwatch.start()
    measured = {name: milliseconds(call, times) for name, (call, times) in parts.items()}
    report(stopwatch.stop(given["frames"]) | {"milliseconds": measured})


def milliseconds(call: Part, times: int) -> float:
    """The mean time of a call."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / max(times, 1) * 1e3


def keep_memory() -> None:
    """Have glibc keep freed memory: otherwise each update's activations are new pages, which the system clears first."""
    trim_threshold, mmap_threshold = -1, -3
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(trim_threshold, 1 << 30)
        mallopt(mmap_threshold, 1 << 30)


def make_step(given: Mapping[str, Any]) -> Part:
    """A step of all environments with random actions."""
    name, n_envs, seed = given["environment"], given["n_envs"], given["seed"]
    random = np.random.default_rng(seed)
    if name == "Breakout" and n_envs == 1:
        return _one_breakout(given["frame_skip"], seed, random)
    if name == "Breakout":
        return _breakouts(given["frame_skip"], n_envs, given["threads"], seed, random)
    if name == "CartPole-v1" and n_envs == 1:
        return _one_cartpole(seed, random)
    if name == "CartPole-v1":
        return _cartpoles(n_envs, seed, random)
    if name == "HalfCheetah-v5" and n_envs == 1:
        return _one_halfcheetah(random)
    raise SystemExit(f"there is no floor for {n_envs} environments of {name}")


def _one_breakout(frame_skip: int, seed: int, random: np.random.Generator) -> Part:
    """The emulator by hand, which for one environment is faster than the ALE's vectors."""
    ALEInterface.setLoggerMode(LoggerMode.Error)
    cv2.setNumThreads(0)
    ale = ALEInterface()
    ale.setInt("random_seed", seed)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(roms.get_rom_path("breakout"))
    ale.reset_game()
    last, before = np.empty((2, *ale.getScreenDims()), np.uint8)
    buttons = ale.getMinimalActionSet()
    actions = itertools.cycle([buttons[i] for i in random.integers(len(buttons), size=DRAWN)])

    def step() -> tuple[np.ndarray, int, int]:
        action, reward = next(actions), 0
        for _ in range(frame_skip - 1):
            reward += ale.act(action)
        ale.getScreenGrayscale(before)
        reward += ale.act(action)
        ale.getScreenGrayscale(last)
        np.maximum(last, before, out=last)
        if ale.game_over():
            ale.reset_game()
        return cv2.resize(last, (84, 84), interpolation=cv2.INTER_AREA), reward, ale.lives()

    return step


def _breakouts(frame_skip: int, n_envs: int, threads: int, seed: int, random: np.random.Generator) -> Part:
    env = AtariVectorEnv("breakout", num_envs=n_envs, num_threads=threads, frameskip=frame_skip, stack_num=1)
    env.reset(seed=seed)
    actions = itertools.cycle(random.integers(BREAKOUT_ACTIONS, size=(DRAWN, n_envs)))
    return lambda: env.step(next(actions))


def _one_cartpole(seed: int, random: np.random.Generator) -> Part:
    env = CartPoleEnv()
    env.reset(seed=seed)
    actions = itertools.cycle(random.integers(CARTPOLE_ACTIONS, size=DRAWN).tolist())

    def step() -> None:
        _, _, terminated, _, _ = env.step(next(actions))
        if terminated:
            env.reset()

    return step


def _cartpoles(n_envs: int, seed: int, random: np.random.Generator) -> Part:
    env = CartPoleVectorEnv(n_envs)
    env.reset(seed=seed)
    actions = itertools.cycle(random.integers(CARTPOLE_ACTIONS, size=(DRAWN, n_envs)))
    return lambda: env.step(next(actions))


def _one_halfcheetah(random: np.random.Generator) -> Part:
    """Gymnasium's model stepped by hand, a third faster than its environment; episodes need not end, nothing else changes."""
    mujoco.set_mju_user_warning(lambda _: None)  # of Gymnasium's model
    env: Any = gymnasium.make("HalfCheetah-v5").unwrapped
    env.reset(seed=0)
    model, data, substeps = env.model, env.data, env.frame_skip
    positions, velocities, controls = data.qpos, data.qvel, data.ctrl
    actions = itertools.cycle(random.uniform(-1, 1, (DRAWN, len(controls))))

    def step() -> tuple[np.ndarray, float]:
        action, before = next(actions), positions[0]
        controls[:] = action
        mujoco.mj_step(model, data, nstep=substeps)
        reward = (positions[0] - before) / env.dt - 0.1 * action.dot(action)
        return np.concatenate((positions[1:], velocities)), reward

    return step


def scaled(frames: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Frames of bytes as numbers from 0 to 1, channels-last."""
    return frames.to(dtype, memory_format=torch.channels_last).mul_(1 / 255)


def nature_convolutions() -> nn.Sequential:
    """Features `[N, 3136]` of scaled frames."""
    network = nn.Sequential(
        *(nn.Conv2d(4, 32, 8, 4), nn.ReLU(inplace=True)),
        *(nn.Conv2d(32, 64, 4, 2), nn.ReLU(inplace=True)),
        *(nn.Conv2d(64, 64, 3, 1), nn.ReLU(inplace=True), nn.Flatten()),
    )
    # torch documents this argument; its type stubs leave it out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def nature_network(outputs: int) -> nn.Sequential:
    """Nature's network for scaled frames."""
    head = (nn.Linear(64 * 7 * 7, 512), nn.ReLU(inplace=True), nn.Linear(512, outputs))
    return nature_convolutions().extend(head)


def mlp_weights(inputs: int, hidden: Sequence[int], outputs: int) -> list[nn.Parameter]:
    """Weight and bias of each layer."""
    layers = [nn.Linear(i, o) for i, o in itertools.pairwise((inputs, *hidden, outputs))]
    return [parameter for layer in layers for parameter in layer.parameters()]


def mlp(x: Tensor, weights: Sequence[Tensor], activation: Callable[[Tensor], Tensor] = torch.relu_) -> Tensor:
    """A fully connected network without modules, whose calls cost as much as small layers do.

    Args:
        x: `[N, I]`.
        weights: weight and bias of each layer.
        activation: between the layers.
    """
    for i in range(0, len(weights) - 2, 2):
        x = activation(linear(x, weights[i], weights[i + 1]))
    return linear(x, weights[-2], weights[-1])


def mlp_of_one(
    x: Tensor, weights: Sequence[Tensor], activation: Callable[[Tensor], Tensor] = torch.relu_
) -> Tensor:
    """The same for one state `[I]`."""
    for i in range(0, len(weights) - 2, 2):
        x = activation(torch.addmv(weights[i + 1], weights[i], x))
    return torch.addmv(weights[-1], weights[-2], x)


def in_one_tensor(parameters: Sequence[nn.Parameter]) -> Tensor:
    """One tensor in which all parameters lie from now on, and their gradients in its own.

    The optimizer has one tensor to go through then. With small networks that is an eighth of an update.
    """
    together = torch.cat([parameter.detach().flatten() for parameter in parameters])
    together.grad = torch.zeros_like(together)
    sizes = [parameter.numel() for parameter in parameters]
    parts = zip(parameters, together.split(sizes), together.grad.split(sizes), strict=True)
    for parameter, values, gradient in parts:
        parameter.data = values.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return together
