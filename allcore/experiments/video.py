"""Pictures to a film."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allcore.errors import AllError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def write_video(frames: Iterable[np.ndarray], path: str | Path, fps: float) -> Path:
    """Write pictures to an mp4 file (H.264, which every browser plays), all at once or not at all.

    Args:
        frames: pictures `[H, W, 3]` or `[H, W]` of one size, uint8; taken one at a time. A width or height that is odd is
            padded with a black line, because the format wants even ones.
        path: the file to write, ending in `.mp4`; its folder is made.
        fps: pictures per second.

    Returns:
        The path.

    Raises:
        UsageError: the file cannot be written, or does not end in `.mp4`.
        AllError: there is no picture, or they differ in size.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise UsageError(
            f"A video is an mp4 file, not {path.name!r}.", hint=f"Write to {path.with_suffix('.mp4')}."
        )
    pictures = _prepare(frames)
    first = next(pictures, None)
    if first is None:
        raise AllError(f"There is no picture to write to {path}.")
    temporary = path.with_name(f".{path.stem}.tmp.mp4")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _encode(first, pictures, temporary, fps)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # it has another name by now, or never was
            temporary.unlink()
    return path


def _prepare(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    shape = None
    for frame in frames:
        picture = np.repeat(frame[:, :, None], 3, axis=2) if frame.ndim == 2 else frame
        shape = shape or picture.shape
        if picture.shape != shape or picture.dtype != np.uint8:
            found = f"{picture.shape} {picture.dtype}"
            raise AllError(f"The pictures of a video must all be {shape} uint8, but one is {found}.")
        height, width, _ = shape
        yield np.ascontiguousarray(np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0))))


def _encode(first: np.ndarray, rest: Iterator[np.ndarray], path: Path, fps: float) -> None:
    import imageio_ffmpeg  # type: ignore[import-untyped]

    height, width, _ = first.shape
    # Sizes are even already; the default of 16 would stretch the picture. Quality 8 of 10 keeps single pixels sharp.
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (width, height),
        fps=fps,
        macro_block_size=2,
        quality=8,
        codec="libx264",
        ffmpeg_log_level="error",
    )
    writer.send(None)
    try:
        writer.send(first)
        for picture in rest:
            writer.send(picture)
    finally:
        writer.close()
