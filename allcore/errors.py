"""Every error that allcore raises on purpose.

The message says what was wrong and where it came from; the hint says what to type instead. The command line
prints both and leaves with the class's `exit_code`:

| code | meaning                                             | class             |
|------|-----------------------------------------------------|-------------------|
| 1    | anything else that we noticed ourselves             | `AllError`        |
| 2    | the user asked for something that cannot be         | `UsageError`      |
| 3    | the thing that was asked for is broken              | `PluginError`     |
| 4    | two distributions claim the thing that was asked for| `ConflictError`   |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class AllError(Exception):
    """The root of the tree: catch this to catch whatever allcore raises on purpose.

    Args:
        message: What was wrong and where it came from, one sentence or a few.
        hint: What to type or do instead, or None when there is nothing sensible to say.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(cls: type[AllError], message: str, hint: str | None) -> AllError:
    """Make the error again in another process (a keyword-only argument does not survive the default way)."""
    return cls(message, hint=hint)


class UsageError(AllError):
    """The user asked for something that cannot be. Never shown with a traceback."""

    exit_code = 2


class UnknownKeyError(UsageError):
    """No plugin registered this key, or the bare name belongs to several plugins."""


class InvalidKeyError(UsageError):
    """A key or a name does not follow the grammar of `allcore.keys`."""


class UnknownEnvironmentError(UsageError):
    """No family knows this environment, or the user's own factory cannot be found."""


class DomainError(UsageError):
    """The preset was made for another kind of environment than the one it was given."""


class HyperparameterError(UsageError):
    """A hyperparameter has an unknown name, a wrong type or a value out of range."""


class SpecError(UsageError):
    """A run cannot be described so: negative frames, no seeds, a file that is not a run specification."""


class TrustError(UsageError):
    """A file names a module that is no plugin's and that the user has not trusted; naming one would run its code."""


class DeviceError(UsageError):
    """The device does not exist on this machine."""


class LogdirError(UsageError):
    """A log folder cannot be written, or a run that should be in it is not."""


class CheckpointError(AllError):
    """A checkpoint or a saved preset is missing, torn, or does not fit what it is loaded into."""


class NonFiniteError(AllError):
    """A loss, gradients or weights are infinite or not a number.

    Args:
        message: What was wrong and where it came from.
        hint: What to do about it.
        batch: What was being learnt from, by name, as `allcore.checkpoint.save_state` writes it. It stays in this process.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, batch: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.batch = dict(batch or {})


class PluginError(AllError):
    """What was asked for comes from a plugin that is broken. The first cause is chained and quoted."""

    exit_code = 3


class ConflictError(AllError):
    """Two installed distributions claim the same namespace, so neither of them can have it."""

    exit_code = 4
