"""Building a preset again from the file that `Preset.save` wrote. Nothing in the file is run."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any

from allcore.checkpoint import load_tensors
from allcore.environments.spaces import space_from_json
from allcore.errors import AllError, CheckpointError, TrustError
from allcore.plugins import registry
from allcore.presets.function import Function

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from torch import Tensor

    from allcore.presets.builder import PresetBuilder
    from allcore.presets.preset import Preset


#: What `Preset.description` has, and of which type.
_KINDS = {
    **dict.fromkeys(("preset", "environment"), str),
    **dict.fromkeys(("hyperparameters", "observation_space", "action_space"), dict),
    "seed": int,
}

#: Building networks may take so many times what their tensors take in the file (of our presets, those that draw orthogonal
#: weights need the most: 3.1 times), and so many bytes beside. A file that asks for more is not what a preset saved.
_TIMES, _BESIDE = 10, 2**27


def load_preset(
    file: str | Path,
    *,
    builder: PresetBuilder | None = None,
    device: str = "cpu",
    trust: Collection[str] = (),
) -> Preset:
    """The preset in `file`, with its networks.

    Args:
        file: what `Preset.save` wrote.
        builder: the recipe of a preset that no plugin registered; by default the file's key is looked up.
        device: where to put the networks.
        trust: modules whose functions the file may name as hyperparameters, beside those of installed plugins.

    Raises:
        CheckpointError: the file is missing, torn, no preset, another preset than `builder`, or does not fit its preset.
        TrustError: it names a function of a module that is neither a plugin's nor trusted.
        UnknownKeyError: no plugin registered the file's preset.
    """
    tensors, description = load_tensors(file)
    if description.get("kind") != "preset":
        raise CheckpointError(f"{file} is not a saved preset", hint="A run's is called preset.safetensors.")
    _check_types(description, file)
    if builder is None:
        builder = registry().load(registry().find("presets", description["preset"]))
    elif description["preset"] != builder.name:
        raise CheckpointError(f"{file} was saved by {description['preset']!r}, not by {builder.name!r}")
    refuse_strangers(builder, description["hyperparameters"], trust, file)
    preset = _build(builder, device, description, tensors, file)
    _load(preset, tensors, file)
    return preset


def _check_types(description: dict[str, Any], file: Any) -> None:
    for name, kind in _KINDS.items():
        value = description.get(name)
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise CheckpointError(f"{file} is damaged: its {name} cannot be {reprlib.repr(value)}")


def _build(
    builder: PresetBuilder, device: str, description: dict[str, Any], tensors: dict[str, Tensor], file: Any
) -> Preset:
    """The preset as the file describes it, with networks of about the size that the file has."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    builder = builder.device(device)
    try:
        return (
            builder.hyperparameters(**description["hyperparameters"])
            .seed(description["seed"])
            .build_for(
                space_from_json(description["observation_space"]),
                space_from_json(description["action_space"]),
                environment=description["environment"],
                most_bytes=_TIMES * size + _BESIDE,
            )
        )
    except TrustError:
        raise
    except AllError as error:
        raise CheckpointError(
            f"the preset in {file} cannot be built: {error.message}", hint=error.hint
        ) from error
    except Exception as error:  # whoever wrote that preset did not expect these spaces or hyperparameters
        raise CheckpointError(f"the preset in {file} cannot be built: {error!r}") from error


def _load(preset: Preset, tensors: dict[str, Tensor], file: Any) -> None:
    mine = preset.state_dict()
    other = [name for name in mine if name in tensors and tensors[name].dtype != mine[name].dtype]
    try:
        if other:  # torch would convert them
            raise RuntimeError(f"{other[0]} holds numbers of another type, {tensors[other[0]].dtype}")
        preset.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"the networks in {file} do not fit {preset.name}: {error}") from error


def refuse_strangers(
    builder: PresetBuilder, changes: dict[str, Any], trust: Collection[str], file: Any
) -> None:
    """Refuse functions of modules that neither an installed plugin owns nor the user trusts: naming one imports it."""
    for name, value in changes.items():
        default = getattr(builder.values, name, None)
        if not isinstance(default, Function) or not isinstance(value, str) or value == default:
            continue  # what is no text is no function's name, which the hyperparameters see
        module = value.partition(":")[0]
        if not is_trusted(module, trust) and not _is_of_a_plugin(Function(value)):
            raise TrustError(
                f"{file} names the function {value!r} of a module that no installed plugin owns",
                hint=f"If you trust that module, say so: --trust {module}",
            )


def _is_of_a_plugin(function: Function) -> bool:
    """Whether an installed plugin defines the function; what it has only imported (`my_plugin:os.system`) is not its own."""
    module = function.partition(":")[0]
    if registry().owner_of(module) is None:
        return False
    return registry().owner_of(getattr(function.resolve(), "__module__", None) or "") is not None


def is_trusted(module: str, trust: Collection[str]) -> bool:
    """Whether `module` is one of those in `trust`, or inside one of them."""
    return any(module == name or module.startswith(f"{name}.") for name in trust)
