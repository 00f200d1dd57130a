"""Pictures to a film and back."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from allcore.errors import AllError, UsageError
from allcore.experiments.video import write_video


def pictures(count, shape):
    for index in range(count):
        yield np.full(shape, 40 * index, dtype=np.uint8)


def read_video(path, size):
    """All pictures of a film, and what ffmpeg says about it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    result = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(result.stdout, np.uint8).reshape(-1, size[1], size[0], 3), result.stderr.decode()


@pytest.mark.parametrize(("shape", "size"), [((210, 160, 3), (160, 210)), ((83, 85), (86, 84))])
def test_a_film_has_every_picture_in_an_even_size(tmp_path, shape, size):
    path = write_video(pictures(5, shape), tmp_path / "films" / "game.mp4", fps=10)
    frames, report = read_video(path, size)
    assert all(text in report for text in (f"{size[0]}x{size[1]}", "10 fps", "h264", "yuv420p"))
    assert len(frames) == 5
    for index, frame in enumerate(frames):
        assert abs(frame[40, 40].astype(int) - 40 * index).max() <= 4
        # What was added to make a side even is black, and the picture is not stretched.
        assert shape[0] % 2 == 0 or frame[-1].max() <= 40
        assert shape[1] % 2 == 0 or frame[:, -1].max() <= 40
    assert [file.name for file in path.parent.iterdir()] == ["game.mp4"]


def test_wrong_pictures_leave_nothing_behind(tmp_path):
    path = tmp_path / "game.mp4"
    with pytest.raises(AllError, match="no picture"):
        write_video([], path, fps=10)
    with pytest.raises(AllError, match=r"must all be \(10, 10, 3\) uint8, but one is \(12, 10, 3\) uint8"):
        write_video([np.zeros((10, 10, 3), np.uint8), np.zeros((12, 10, 3), np.uint8)], path, fps=10)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_video(pictures(1, (10, 10, 3)), tmp_path / "file" / "game.mp4", fps=10)
    with pytest.raises(UsageError, match=r"'game\.avi'"):
        write_video(pictures(1, (10, 10, 3)), tmp_path / "game.avi", fps=10)
