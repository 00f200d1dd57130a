"""An update as one function of tensors, recorded once and compiled.

An update is a few hundred operations on tensors, called one by one from Python. For small networks the calls take most of the
time. Here they are recorded, forward and backward passes, clipping, optimizer and all, and compiled to a single program.
The agent's text does not change: what it does is recorded, not what it says.

Only operations on tensors are recorded. Whatever else happens in a function happens once, when it is recorded: it may not count,
log or look into tensors. It may draw random numbers from generators, which a program goes on with. `Approximation` knows, and
does its own counting and logging after the program.
"""

from __future__ import annotations

import copy
import dataclasses
import gc
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from allcore.core import StateArray
from allcore.errors import UsageError

if TYPE_CHECKING:
    from allcore.approximation.approximation import Approximation

#: What an approximation did in a recorded update: its loss, and the norm of its gradients if they are clipped.
Step = tuple["Approximation", Tensor | None, Tensor | None]

_steps: ContextVar[list[Step] | None] = ContextVar("recorded_steps", default=None)


def recorded_steps() -> list[Step] | None:
    """Where an approximation notes its step while an update is recorded; None while none is."""
    return _steps.get()


class CompiledUpdate:
    """A function of tensors that updates approximations, or only asks them, compiled when it is first needed for certain shapes.

    The results differ from those of the function in the last digits. A run that was stopped compiles the same program again, so
    that it ends as if it had not been stopped. The first update of all is not compiled: optimizers make their state in it.

    Args:
        function: takes tensors, floats, states, and dataclasses, dicts, lists and tuples of them, and returns the like, or None.
            Floats may differ from call to call; anything else counts as a part of the function.
        approximations: all that the function updates or asks, each once.

    Raises:
        UsageError: there is no C++ compiler.
    """

    def __init__(self, function: Callable[..., Any], approximations: Sequence[Approximation]) -> None:
        _require_compiler()
        self._function = function
        self._approximations = approximations
        self._programs: dict[Any, _Program] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Update by the program for such arguments.

        Raises:
            UsageError: the function does something that cannot be recorded.
            NonFiniteError: a loss is not finite. The weights have changed then: they were followed in the same program.
        """
        if any(approximation.updates == 0 for approximation in self._approximations):
            return self._function(*arguments)
        leaves: list[Tensor] = []
        form = _flatten(arguments, leaves)
        shapes = tuple((leaf.shape, leaf.dtype, leaf.device) for leaf in leaves)
        key = (form, shapes, tuple(approximation.loads for approximation in self._approximations))
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = _record(self._function, form, leaves, self._approximations)
        return program(leaves)


def _require_compiler() -> None:
    """Refuse at once what would otherwise fail at the first update."""
    from torch._inductor.cpp_builder import get_cpp_compiler

    try:
        get_cpp_compiler()
    except Exception as error:  # of a kind that torch keeps to itself
        raise UsageError(
            "Updates cannot be compiled here: there is no C++ compiler.",
            hint="Install one (Debian and Ubuntu: apt-get install g++), or name it: CXX=/path/to/g++. Or leave out compiled=true.",
        ) from error


@dataclasses.dataclass(frozen=True)
class _Program:
    """The compiled operations, and what is to be made of the tensors that they give."""

    run: Callable[..., Sequence[Tensor]]
    approximations: Sequence[Approximation]  # in the order of their steps
    told: Any  # the form of their losses and norms
    returned: Any  # the form of what the function returns

    def __call__(self, leaves: list[Tensor]) -> Any:
        for approximation in self.approximations:
            approximation.before_program()
        with torch.no_grad():
            given = iter(self.run(*leaves))
        told = _unflatten(self.told, given)
        for approximation, (loss, norm) in zip(self.approximations, told, strict=True):
            approximation.after_program(loss, norm)
        return _unflatten(self.returned, given)


def _record(
    function: Callable[..., Any],
    form: Any,
    leaves: list[Tensor],
    approximations: Sequence[Approximation],
) -> _Program:
    """Record one call, undo what it did, and compile it."""
    from torch.fx.experimental.proxy_tensor import make_fx

    made: list[Any] = []

    def operations(*given: Tensor) -> list[Tensor]:
        steps: list[Step] = []
        token = _steps.set(steps)
        try:
            returned = function(*_unflatten(form, iter(given)))
        finally:
            _steps.reset(token)
        outputs: list[Tensor] = []
        made[:] = [[each for each, *_ in steps], _flatten([rest for _, *rest in steps], outputs)]
        made.append(_flatten(returned, outputs))
        return [tensor.detach() for tensor in outputs]

    for approximation in approximations:
        approximation.rates_as_tensors()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about itself
            with _undone(approximations), _Draws():
                operations(*leaves)  # whatever is made at first is made now, and not as a part of the program
            with _undone(approximations), _Draws():
                graph = make_fx(operations, decomposition_table=_decompositions())(*leaves)
            run = _compile(graph, leaves)
    except Exception as error:  # whatever torch makes of it
        raise UsageError(
            f"{getattr(function, '__qualname__', function)} cannot be compiled: {_first_line(error)}",
            hint="Set compiled=false. docs/how-to/compile.md says what it takes.",
        ) from error
    return _Program(run, *made)


@contextmanager
def _undone(approximations: Sequence[Approximation]) -> Iterator[None]:
    """Bring the approximations back to where they were: whoever tries an update makes it, too."""
    before = [(copy.deepcopy(each.state_dict()), each.loads) for each in approximations]
    try:
        yield
    finally:
        for approximation, (state, loads) in zip(approximations, before, strict=True):
            approximation.zero_grad()
            approximation.load_state_dict(state)
            approximation.loads = loads


class _Draws(TorchDispatchMode):
    """Within, generators may be drawn from; afterwards they stand where they stood."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[torch.Generator, Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in func.tags:
            generator = kwargs.get("generator")
            if generator is None:
                raise UsageError(f"it draws from torch's global generator ({func})")
            self._before.setdefault(generator, generator.get_state())
        return func(*args, **kwargs)

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for generator, state in self._before.items():
            generator.set_state(state)


def _compile(graph: torch.fx.GraphModule, leaves: list[Tensor]) -> Callable[..., Sequence[Tensor]]:
    """A program for the recorded operations."""
    from torch import _inductor as inductor

    for node in reversed(list(graph.graph.nodes)):
        if "record_function" in str(node.target):  # marks for profilers, which no program can have
            graph.graph.erase_node(node)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    # Not `torch.compile`, which would look at every tensor anew in each call; shapes are looked at by who calls.
    with torch.no_grad():
        options = {
            "size_asserts": False,
            "reorder_for_peak_memory": False,  # random numbers are drawn in the agent's order
            "triton.cudagraphs": any(leaf.is_cuda for leaf in leaves),
        }
        program: Callable[..., Sequence[Tensor]] = inductor.compile(graph, list(leaves), options=options)
    # The compiler leaves some hundred thousand objects, which every full collection of garbage would go through from now on.
    gc.collect()
    gc.freeze()
    return program


def _decompositions() -> dict[Any, Callable[..., None]]:
    """Kernels that cannot be compiled as they are, as operations that can."""
    adam = torch.ops.aten._fused_adam_
    return {adam.default: _fused_adam, adam.tensor_lr: _fused_adam}


def _fused_adam(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    means: Sequence[Tensor],
    squares: Sequence[Tensor],
    _: Sequence[Tensor],
    steps: Sequence[Tensor],
    *,
    lr: float | Tensor,
    beta1: float,
    beta2: float,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
    **others: Any,
) -> None:
    """Adam: Kingma and Ba (2015), Algorithm 1."""
    if amsgrad or maximize or any(value is not None for value in others.values()):
        raise UsageError("this kind of Adam cannot be compiled")
    for parameter, gradient, mean, square, step in zip(
        parameters, gradients, means, squares, steps, strict=True
    ):
        if weight_decay:
            gradient = gradient + weight_decay * parameter
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        size = lr / (1 - beta1**step)
        parameter.sub_(size * mean / (square.sqrt() / (1 - beta2**step).sqrt() + eps))


# ---- arguments and results as lists of tensors, and what they were


def _flatten(value: Any, leaves: list[Tensor]) -> Any:
    """The form of `value`, which can be compared and hashed; its tensors are added to `leaves`."""
    if isinstance(value, Tensor):
        leaves.append(value)
        return Tensor
    if isinstance(value, float):
        device = leaves[0].device if leaves else None
        leaves.append(torch.tensor(value, dtype=torch.float64, device=device))
        return Tensor
    if isinstance(value, StateArray):
        names = tuple(value.keys())
        return StateArray, names, value.shape, _flatten([value[name] for name in names], leaves)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return type(value), _flatten(parts, leaves)
    if isinstance(value, Mapping):
        return dict, tuple(value), _flatten(list(value.values()), leaves)
    if isinstance(value, (list, tuple)):
        return list, type(value) is tuple, tuple(_flatten(part, leaves) for part in value)
    return None, value


def _unflatten(form: Any, leaves: Iterator[Tensor]) -> Any:
    """What had this form, with other tensors."""
    if form is Tensor:
        return next(leaves)
    kind, *rest = form
    if kind is None:
        return rest[0]
    if kind is list:
        is_tuple, parts = rest
        made = [_unflatten(part, leaves) for part in parts]
        return tuple(made) if is_tuple else made
    if kind is dict:
        names, parts = rest
        return dict(zip(names, _unflatten(parts, leaves), strict=True))
    if kind is StateArray:
        names, shape, parts = rest
        return StateArray(dict(zip(names, _unflatten(parts, leaves), strict=True)), shape)
    return kind(**_unflatten(rest[0], leaves))


def _first_line(error: BaseException) -> str:
    return (str(error) or repr(error)).strip().splitlines()[0]
