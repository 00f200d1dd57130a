"""A window that shows an environment's pictures."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from allcore.errors import UsageError

if TYPE_CHECKING:
    from allcore.environments import AnyEnvironment


class Viewer:
    """Shows pictures one after the other in a window of matplotlib's, whatever simulator they come from."""

    def __init__(self, title: str, fps: float = 30.0) -> None:
        """Open a window when the first picture comes.

        Args:
            title: what the window is called.
            fps: pictures per second at most.

        Raises:
            UsageError: there is no screen.
        """
        if not has_screen():
            raise UsageError(
                "There is no screen to show a window on.",
                hint="Write a video instead: `all watch RUN --video FILE.mp4`.",
            )
        self._title = title
        self._pause = 1.0 / fps
        self._image: Any = None

    def show(self, env: AnyEnvironment) -> None:
        """Show the state that `env` is in.

        Raises:
            UsageError: it has no picture of it.
        """
        from matplotlib import pyplot

        picture = env.render()
        if picture is None:
            raise UsageError(f"{env.key} cannot be looked at: it gives no picture.")
        if self._image is None:
            figure, axes = pyplot.subplots(num=self._title)
            axes.set_axis_off()
            self._image = axes.imshow(picture)
            figure.show()
        self._image.set_data(picture)
        pyplot.pause(self._pause)

    def close(self) -> None:
        """Close the window. Calling it twice does no harm."""
        if self._image is not None:
            from matplotlib import pyplot

            pyplot.close(self._image.figure)
            self._image = None


def has_screen() -> bool:
    """Whether a window can be opened here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
