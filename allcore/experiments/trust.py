"""Which modules a file may make us import: those of installed plugins, and those that the user trusts by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from allcore.environments.resolve import find_family
from allcore.errors import TrustError
from allcore.experiments.setup import find_preset
from allcore.plugins import registry
from allcore.presets.function import Function
from allcore.presets.loading import is_trusted, refuse_strangers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from allcore.experiments.spec import RunSpec


#: Text that something might import: `module:name`. Paths and addresses go on with a slash, and times of day begin with a digit.
_NAME_IN_MODULE = re.compile(r"([^\W\d]\w*(?:\.\w+)*):\w.*", re.DOTALL)


def check_specification(spec: RunSpec, trust: Collection[str], file: Any) -> None:
    """Refuse a specification, read from `file`, that names a stranger's module: naming one imports it.

    Args:
        spec: what the file says.
        trust: modules that it may name, beside those of installed plugins.
        file: where it was read, for the message.

    Raises:
        TrustError: it names a module that is no plugin's and not trusted.
        UsageError: its preset or its environment does not exist.
    """
    for module in _modules_of(spec):
        if not is_trusted(module, trust):
            raise TrustError(
                f"{file} names the module {module!r}, which is no plugin's",
                hint=f"If you trust that module, say so: --trust {module}",
            )
    builder, _ = find_preset(spec.preset)
    refuse_strangers(builder, dict(spec.hyperparameters), trust, file)


def strangers(spec: RunSpec) -> list[str]:
    """The modules that a worker must be told to trust before it runs this, because no plugin registered what they define."""
    builder, _ = find_preset(spec.preset)
    functions = [
        str(value).partition(":")[0]
        for name, value in spec.hyperparameters.items()
        if isinstance(getattr(builder.values, name, None), Function)
    ]
    return [*_modules_of(spec), *functions]


def _modules_of(spec: RunSpec) -> Iterator[str]:
    """The modules that preset and environment would be imported from, where no plugin registered them.

    Among them are those that an environment's options name: some of Gymnasium's make another environment, `module:id`.
    """
    if ":" in spec.preset:  # module:attribute
        yield spec.preset.partition(":")[0]
    first, *others = spec.environment.split(":")
    if find_family(spec.environment, None) is None:  # module:factory
        yield first
    elif len(others) > 1:  # gym:module:id
        yield others[0]
    for text in _texts(dict(spec.environment_options)):
        if (found := _NAME_IN_MODULE.fullmatch(text)) and registry().owner_of(found[1]) is None:
            yield found[1]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value from JSON, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
