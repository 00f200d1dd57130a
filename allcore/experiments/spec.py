"""The full description of a run, as a record that can be written to JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allcore.errors import SpecError
from allcore.formats import VERSIONS, migrated

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "specification"  # in allcore.formats

#: What says how a run is shown or kept, or when it is given up, not what it computes: two runs that differ only here are the
#: same run.
_OUTSIDE_IDENTITY = (
    "loggers",
    "verbose",
    "save_freq",
    "checkpoint_seconds",
    "checkpoint_frames",
    "on_nan",
    "plugin_files",
    "versions",
)


#: What a run may do about a loss that is infinite or not a number.
ON_NAN = ("stop", "go-on")


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One training run: what the command line makes, what an executor hands to a worker.

    Attributes:
        preset: key of the preset, such as `atari.dqn`, or `module:attribute` of a builder of one's own.
        environment: key of the environment, such as `atari:Breakout`, `gym:CartPole-v1` or `module:factory`.
        environment_options: keyword arguments for the environment.
        wrappers: keys of environment wrappers, the innermost first.
        hyperparameters: the values that differ from the preset's own.
        frames: length of the training in agent steps.
        seed: the root of every random stream.
        device: where the networks lie.
        evaluation_interval: agent steps between evaluations during training; 0 evaluates at the end only.
        test_episodes: episodes of an evaluation.
        loggers: keys of the loggers.
        verbose: whether losses and debugging values are logged.
        save_freq: episodes between savings of the weights during training; 0 saves at the end only.
        checkpoint_seconds: from one checkpoint to the next; 0 writes none by time.
        checkpoint_frames: agent steps from one checkpoint to the next; 0 writes none by frames.
        on_nan: what becomes of it when a loss is infinite or not a number: `stop`, or `go-on`.
        plugin_files: paths of single-file plugins.
        versions: version of each distribution whose parts the run uses.
    """

    preset: str
    environment: str
    frames: int
    seed: int = 0
    device: str = "cpu"
    environment_options: Mapping[str, Any] = field(default_factory=dict)
    wrappers: tuple[str, ...] = ()
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    evaluation_interval: int = 0
    test_episodes: int = 100
    loggers: tuple[str, ...] = ("core.tensorboard", "core.csv")
    verbose: bool = True
    save_freq: int = 100
    checkpoint_seconds: int = 600
    checkpoint_frames: int = 0
    on_nan: str = "stop"
    plugin_files: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            SpecError: a field has the wrong type, a number is out of range, or a word is none of those that there are.
        """
        for name, (kind, least) in _FIELDS.items():
            value = getattr(self, name)
            fits: bool = isinstance(value, kind)
            if kind is int:
                fits = fits and not isinstance(value, bool) and value >= least
            elif kind is tuple:
                fits = fits and all(isinstance(item, str) for item in value)
            if not fits:
                wanted = f"a whole number of at least {least}" if kind is int else _WORDS[kind]
                raise SpecError(f"{name} is {wanted}, not {value!r}.")
        if self.on_nan not in ON_NAN:
            raise SpecError(f"on_nan is {' or '.join(ON_NAN)}, not {self.on_nan!r}.")
        if self.evaluation_interval and not self.test_episodes:
            raise SpecError("Evaluations during training need games to play, but test_episodes is 0.")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON has it, with its schema version."""
        return {"schema": VERSIONS[_KIND], **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *, source: Any = "this") -> RunSpec:
        """Read what `to_json` gave.

        Args:
            record: the JSON.
            source: the file that it comes from, for messages.

        Raises:
            SpecError: it is of a later schema, has an unknown field, or lacks one.
        """
        if not isinstance(record, dict) or "schema" not in record:
            found = "no entry 'schema'" if isinstance(record, dict) else f"a {type(record).__name__}"
            raise SpecError(f"{source} is not a run specification: there is {found}")
        given = {key: value for key, value in record.items() if key != "schema"}
        values = migrated(_KIND, record["schema"], given, source=source, error=SpecError)
        known = {item.name: item for item in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - set(known)):
            raise SpecError(f"a run specification has no field {', '.join(map(repr, unknown))} ({source})")
        lists = ("wrappers", "loggers", "plugin_files")
        values.update({name: tuple(values[name]) for name in lists if isinstance(values.get(name), list)})
        try:
            return cls(**values)
        except SpecError as error:
            raise SpecError(f"{source}: {error.message}") from None
        except TypeError as error:
            raise SpecError(f"{source} is an incomplete run specification: {error}") from None

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that are the same for two specifications of the same computation."""
        record = {key: value for key, value in self.to_json().items() if key not in _OUTSIDE_IDENTITY}
        record["schema"] = 1  # whatever it is now: a run that has begun keeps its name
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def run_name(self) -> str:
        """The run's folder name: its seed and its identity."""
        return f"seed{self.seed}-{self.identity}"


#: What each field holds, and the least value of a number.
_FIELDS: dict[str, tuple[type, int]] = {
    **dict.fromkeys(("preset", "environment", "device", "on_nan"), (str, 0)),
    **dict.fromkeys(("environment_options", "hyperparameters", "versions"), (dict, 0)),
    **dict.fromkeys(("wrappers", "loggers", "plugin_files"), (tuple, 0)),
    **dict.fromkeys(("seed", "evaluation_interval", "test_episodes", "save_freq"), (int, 0)),
    **dict.fromkeys(("checkpoint_seconds", "checkpoint_frames"), (int, 0)),
    "frames": (int, 1),
    "verbose": (bool, 0),
}

_WORDS: dict[type, str] = {
    str: "text",
    dict: "a table of names and values",
    tuple: "a list of text",
    bool: "true or false",
}
