"""Building a preset again from the file that `Preset.save` wrote. Nothing in the file is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.checkpoint import load_tensors
from allcore.environments.spaces import space_from_json
from allcore.errors import CheckpointError, TrustError
from allcore.plugins import registry
from allcore.presets.function import Function

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from allcore.presets.builder import PresetBuilder
    from allcore.presets.preset import Preset


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
        CheckpointError: the file is missing, torn, no preset, or does not fit its preset.
        TrustError: it names a function of a module that is neither a plugin's nor trusted.
        UnknownKeyError: no plugin registered the file's preset.
    """
    tensors, description = load_tensors(file)
    if description.get("kind") != "preset":
        raise CheckpointError(f"{file} is not a saved preset", hint="A run's is called preset.safetensors.")
    if builder is None:
        builder = registry().load(registry().find("presets", description["preset"]))
    changes = description["hyperparameters"]
    refuse_strangers(builder, changes, trust, file)
    preset = (
        builder.hyperparameters(**changes)
        .seed(description["seed"])
        .device(device)
        .build_for(
            space_from_json(description["observation_space"]),
            space_from_json(description["action_space"]),
            environment=description["environment"],
        )
    )
    try:
        preset.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(
            f"the networks in {file} do not fit {description['preset']}: {error}"
        ) from error
    return preset


def refuse_strangers(
    builder: PresetBuilder, changes: dict[str, Any], trust: Collection[str], file: Any
) -> None:
    """Refuse functions of modules that neither an installed plugin owns nor the user trusts: naming one imports it."""
    for name, value in changes.items():
        default = getattr(builder.values, name, None)
        if not isinstance(default, Function) or value == default:
            continue
        module = str(value).partition(":")[0]
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
