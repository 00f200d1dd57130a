"""Pictures of a game as it looks on the screen, in colour."""

from __future__ import annotations

import numpy as np

from all_atari.emulators import Emulators, screen_dimensions


class Camera:
    """Follows the first of some emulators with one of its own that shows colour.

    The ALE's vector environment shows either small grey frames or colour, not both. So a second emulator plays the same
    stretch from the same seed with the same actions, which gives the same game, and only as far as pictures are asked for:
    whoever takes none pays nothing.

    Args:
        emulators: whom to follow.
    """

    def __init__(self, emulators: Emulators) -> None:
        self._followed = emulators
        self._own = Emulators(emulators.rom, 1, emulators.settings, picture=screen_dimensions(emulators.rom))
        self._beginning = -1

    def picture(self) -> np.ndarray:
        """The screen, `[H, W, 3]` uint8: the brighter of the last two frames at each point, as the agent sees it.

        The first one of a stretch under way takes as long as playing the stretch so far did.
        """
        followed, own = self._followed, self._own
        if followed.beginnings[0] != self._beginning:
            self._beginning = int(followed.beginnings[0])
            own.begin_stretch(followed.root, int(followed.stretches[0]))
        for action in followed.actions[0, own.lengths[0] : followed.lengths[0]]:
            own.step(np.array([action], np.int64))
        assert own.frames is not None
        picture: np.ndarray = own.frames.observation[0, 0]
        return picture

    def close(self) -> None:
        """Free the emulator."""
        self._own.close()
