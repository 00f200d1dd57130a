"""Writing state to one file and reading it back: safetensors with JSON in its header. Loading never runs code.

A file appears whole or not at all: it is written under a temporary name, flushed to disk and renamed. A checksum over
JSON and tensors tells a damaged one.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from allcore.durable import flush
from allcore.errors import CheckpointError
from allcore.formats import VERSIONS, check_json, migrated, read_json

_HEADER = "allcore"
_KIND = "tensors"  # in allcore.formats
_STATE = "state"


def save_tensors(path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write named tensors and JSON to `path`, replacing what was there, whole or not at all.

    Memory layout (channels-last and the like) is kept, and a tensor that stands under several names is written once.
    Missing folders are made.

    Args:
        path: the file.
        tensors: tensors of any shape on any device.
        metadata: anything that JSON can hold.

    Raises:
        CheckpointError: the metadata is not JSON, or the file cannot be written.
    """
    written, layouts, aliases = _prepare(tensors)
    content = _to_json({"metadata": dict(metadata), "layouts": layouts, "aliases": aliases}, path)
    # A single entry, because safetensors writes several in random order: the same state gives the same bytes.
    header = {_HEADER: f"{VERSIONS[_KIND]} {_checksum(content, written)} {content}"}
    try:
        with atomic_path(path) as temporary:
            temporary.touch()
            mode = temporary.stat().st_mode
            save_file(written, temporary, metadata=header)
            temporary.chmod(
                mode
            )  # safetensors lets only the owner read; whoever may read other files here may read this
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"cannot write {path}: {error}") from error


def load_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_tensors` wrote: the tensors, on the CPU, and the metadata.

    Raises:
        CheckpointError: the file is missing, torn, not ours, or of a later version.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise CheckpointError(f"there is no file {path}")
        with safe_open(path, framework="pt") as file:
            schema, checksum, content = _read_header(file.metadata() or {}, path)
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        found = _checksum(content, stored)
    except CheckpointError:
        raise
    except Exception as error:  # safetensors and torch raise what they like about bytes without sense
        raise CheckpointError(f"{path} is torn or no checkpoint: {error}") from error
    if found != checksum:
        raise CheckpointError(f"{path} is damaged: its checksum does not fit its content")
    return _content(schema, content, stored, path)


def save_state(path: str | Path, state: Any) -> None:
    """Write nested dicts, lists and tuples of tensors, numbers, strings, booleans and None to `path`.

    Keys of dicts are strings or integers.

    Raises:
        CheckpointError: something in the state is of another type, or the file cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    save_tensors(path, tensors, {"kind": _STATE, "tree": _flatten(state, "", tensors)})


def load_state(path: str | Path) -> Any:
    """What `save_state` wrote, with new tensors on the CPU.

    Restore by `copy_` into tensors that exist (as `load_state_dict` does everywhere here): memory layout is part of a run.

    Raises:
        CheckpointError: the file is missing, torn, not a state, or of a later version.
    """
    tensors, metadata = load_tensors(path)
    if metadata.get("kind") != _STATE:
        raise CheckpointError(f"{path} holds named tensors, not the state of a run")
    try:
        return _unflatten(metadata["tree"], tensors)
    except (LookupError, TypeError, ValueError) as error:  # the checksum fits: somebody has made it so
        raise CheckpointError(f"{path} is damaged: what it holds is no state ({error!r})") from error


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path to write to; afterwards it is flushed to disk and renamed to `path`, or removed on an error.

    Raises:
        OSError: the folder cannot be made or the file cannot be renamed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    flush(path.parent)  # the new name is safe only when its folder is on disk, too


def remove_half_written(folder: str | Path) -> None:
    """Remove the temporary files that killed processes left in a folder: ours, and those that safetensors makes for itself.

    To be called by whoever is the only one that writes there.
    """
    for pattern in (".*.tmp", ".tmp*"):
        for path in Path(folder).glob(pattern):
            path.unlink(missing_ok=True)


# ---- private: the file


def _read_header(header: Mapping[str, str], path: Path) -> tuple[int, int, str]:
    """The schema's version, the checksum and the JSON in the header, after a look at who wrote it."""
    if _HEADER not in header:
        raise CheckpointError(f"{path} is a safetensors file, but not one that allcore wrote")
    schema, checksum, content = header[_HEADER].split(" ", 2)
    if int(schema) > VERSIONS[_KIND]:  # its checksum may be one of another kind
        migrated(_KIND, int(schema), {}, source=path, error=CheckpointError)
    return int(schema), int(checksum), content


def _content(
    schema: int, content: str, stored: dict[str, Tensor], path: Path
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors in their layouts, under all their names, and the metadata."""
    try:
        whole = migrated(
            _KIND, schema, {**read_json(content), "tensors": stored}, source=path, error=CheckpointError
        )
        layouts, aliases, metadata = whole["layouts"], whole["aliases"], whole["metadata"]
        tensors = {name: _laid_out(tensor, layouts.get(name)) for name, tensor in whole["tensors"].items()}
        tensors.update({alias: tensors[name] for alias, name in aliases.items()})
        metadata.get("kind")
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        # the checksum fits: somebody has made it so
        raise CheckpointError(
            f"{path} is damaged: its header does not say what it should ({error!r})"
        ) from error
    return tensors, metadata


def _checksum(content: str, tensors: Mapping[str, Tensor]) -> int:
    """CRC-32 over the JSON and over name, type, shape and bytes of every tensor (contiguous, on the CPU)."""
    checksum = zlib.crc32(content.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        checksum = zlib.crc32(f"{name} {tensor.dtype} {list(tensor.shape)}".encode(), checksum)
        if tensor.numel():
            checksum = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, checksum)
    return checksum


def _prepare(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, list[int]], dict[str, str]]:
    """Contiguous tensors on the CPU that share no memory; unusual strides by name; names of what is written once."""
    written: dict[str, Tensor] = {}
    layouts: dict[str, list[int]] = {}
    aliases: dict[str, str] = {}
    first_names: dict[Any, str] = {}
    storages = set()
    for name, tensor in tensors.items():
        # Empty tensors have no address to tell them apart by, and cost nothing.
        identity = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if tensor.numel() and identity in first_names:
            aliases[name] = first_names[identity]
            continue
        first_names[identity] = name
        plain = tensor.detach().cpu().contiguous()
        storage = plain.untyped_storage().data_ptr()
        written[name] = plain.clone() if storage in storages else plain
        storages.add(storage)
        if _has_unusual_layout(tensor):
            layouts[name] = list(tensor.stride())
    return written, layouts, aliases


def _has_unusual_layout(tensor: Tensor) -> bool:
    """Whether the tensor fills its memory without gaps, but in another order than the usual one."""
    if tensor.numel() == 0 or tensor.stride() == torch.empty(tensor.shape, device="meta").stride():
        return False
    return _fills_its_memory(tensor)


def _fills_its_memory(tensor: Tensor) -> bool:
    order = sorted(range(tensor.dim()), key=tensor.stride, reverse=True)
    return tensor.permute(order).is_contiguous()


def _laid_out(tensor: Tensor, strides: list[int] | None) -> Tensor:
    if strides is None:
        return tensor
    # Planned without memory first: strides with gaps would take more than the numbers themselves.
    if not _fills_its_memory(torch.empty_strided(tuple(tensor.shape), tuple(strides), device="meta")):
        raise ValueError(f"the strides {strides} do not belong to the shape {list(tensor.shape)}")
    return torch.empty_strided(tuple(tensor.shape), tuple(strides), dtype=tensor.dtype).copy_(tensor)


# ---- private: nested state. The tree is JSON in which an object with a single key that begins with "$" means:
#      {"$tensor": NAME}, {"$tuple": [...]}, {"$items": [[KEY, VALUE], ...]} (a dict that JSON cannot hold), {"$float": "nan"}.


def _flatten(value: Any, pointer: str, tensors: dict[str, Tensor]) -> Any:
    """`value` as JSON, its tensors moved to `tensors` under their place in the tree (a JSON pointer, RFC 6901)."""
    if isinstance(value, Tensor):
        tensors[pointer] = value
        return {"$tensor": pointer}
    if value is None or isinstance(value, (bool, str)) or type(value) is int:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, (list, tuple)):
        parts = [_flatten(part, f"{pointer}/{index}", tensors) for index, part in enumerate(value)]
        return {"$tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: _flatten(part, f"{pointer}/{_escape(key)}", tensors) for key, part in value.items()}
        if all(type(key) in (str, int) for key in value):
            items = enumerate(value.items())
            return {"$items": [[key, _flatten(part, f"{pointer}/{i}", tensors)] for i, (key, part) in items]}
    raise CheckpointError(
        f"a state cannot hold {value!r} ({type(value).__name__}), found at {pointer or 'its root'}",
        hint="Use dicts with keys of text or integers, lists, tuples, tensors, numbers, text, booleans and None.",
    )


def _unflatten(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(tree, list):
        return [_unflatten(part, tensors) for part in tree]
    if not isinstance(tree, dict):
        return tree
    if "$tensor" in tree:
        return tensors[tree["$tensor"]]
    if "$float" in tree:
        return float(tree["$float"])
    if "$tuple" in tree:
        return tuple(_unflatten(part, tensors) for part in tree["$tuple"])
    if "$items" in tree:
        return {key: _unflatten(part, tensors) for key, part in tree["$items"]}
    return {key: _unflatten(part, tensors) for key, part in tree.items()}


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _to_json(content: Any, path: str | Path) -> str:
    try:
        check_json(content)
        return json.dumps(content, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"cannot write {path}: its metadata is not JSON: {error}") from error
