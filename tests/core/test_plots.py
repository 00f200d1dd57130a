"""Learning curves: what is drawn, grouped and refused."""

import numpy as np
import pytest

from allcore.errors import LogdirError, UsageError
from allcore.experiments import plot_returns_100
from allcore.experiments.run_folder import RunFolder
from allcore.logging import CsvLogger


def make_run(logdir, preset, env, seed, points, *, frame_skip=1, hyperparameters=None, name=None):
    with RunFolder.of(logdir, preset, "any", name or f"{env}{seed}{hyperparameters}") as folder:
        record = {"preset": preset, "env": env, "seed": seed, "frames": 100, "frame_skip": frame_skip}
        folder.write_run({**record, "spec": {"hyperparameters": hyperparameters or {}}})
        folder.write_status("finished", frame=points[-1][0] if points else 0, frames=100)
        logger = CsvLogger(folder.path)
        for frame, mean in points:
            logger.summary("returns100", {"mean": mean, "std": 0.0, "max": mean, "min": mean}, frame)
        logger.close()


def thick_lines(axis):
    return [line for line in axis.lines if line.get_linewidth() > 1]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_panel_per_environment_and_a_line_per_preset(tmp_path):
    # The folders' names say nothing about the environments: only run.json does.
    for env in ("Pong", "Breakout"):
        for preset in ("atari.dqn", "atari.a2c"):
            make_run(tmp_path, preset, env, 0, [(10, 1.0), (20, 2.0)], frame_skip=4)
    figure = plot_returns_100(tmp_path, out=tmp_path / "plots" / "returns.png")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Breakout", "Pong"]
    assert [len(thick_lines(axis)) for axis in figure.axes] == [2, 2]
    assert figure.axes[0].get_xlabel() == "agent steps (1 step = 4 emulator frames)"
    assert figure.axes[0].get_ylabel() == "mean return of 100 episodes"
    assert legend(figure) == ["atari.a2c  (1 seed)", "atari.dqn  (1 seed)"]
    assert (tmp_path / "plots" / "returns.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_seeds_are_averaged_where_all_of_them_have_data(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(0, 0.0), (100, 100.0)])
    make_run(tmp_path, "p.q", "E", 1, [(20, 40.0), (60, 120.0)])
    figure = plot_returns_100(tmp_path, out=tmp_path / "out.png")
    (axis,) = figure.axes
    (line,) = thick_lines(axis)
    frames, returns = line.get_data()
    assert (frames[0], frames[-1]) == (20, 60)
    np.testing.assert_allclose(returns, 1.5 * frames)  # the mean of x and 2x
    band = axis.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (20, 120)
    assert len(axis.lines) == 3  # the mean and each seed, of which one goes on to 100
    assert legend(figure) == ["p.q  (2 seeds)"]


def test_seeds_that_do_not_overlap_have_no_mean(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(0, 0.0), (10, 1.0)])
    make_run(tmp_path, "p.q", "E", 1, [(20, 0.0), (30, 1.0)])
    (axis,) = plot_returns_100(tmp_path, out=tmp_path / "out.png").axes
    assert len(thick_lines(axis)[0].get_xdata()) == 0
    assert len(axis.lines) == 3


def test_other_hyperparameters_are_another_line(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0)])
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0)], hyperparameters={"lr": 0.001, "update": 4})
    figure = plot_returns_100(tmp_path, out=tmp_path / "out.png")
    assert legend(figure) == ["p.q  (1 seed)", "p.q lr=0.001 update=4  (1 seed)"]


def test_of_one_seed_the_longest_run_counts(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0), (90, 2.0)], name="long")
    make_run(tmp_path, "p.q", "E", 0, [(10, 5.0)], name="short")
    figure = plot_returns_100(tmp_path, out=tmp_path / "out.png")
    assert legend(figure) == ["p.q  (1 seed)"]
    assert list(thick_lines(figure.axes[0])[0].get_ydata()) == [1.0, 2.0]


def test_a_single_row_is_a_visible_point(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0)])
    (axis,) = plot_returns_100(tmp_path, out=tmp_path / "out.png").axes
    assert thick_lines(axis)[0].get_marker() == "o"


def test_timesteps_is_the_end_of_the_axis(tmp_path):
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0), (90, 2.0)])
    (axis,) = plot_returns_100(tmp_path, 50, out=tmp_path / "out.png").axes
    assert axis.get_xlim() == (0, 50)


def test_five_panels_leave_no_empty_axes(tmp_path):
    for index in range(5):
        make_run(tmp_path, "p.q", f"E{index}", 0, [(10, 1.0)])
    assert len(plot_returns_100(tmp_path, out=tmp_path / "out.png").axes) == 5


def test_nothing_to_plot_says_why(tmp_path):
    with pytest.raises(LogdirError, match="there is no run in it"):
        plot_returns_100(tmp_path, out=tmp_path / "out.png")
    make_run(tmp_path, "p.q", "E", 0, [])
    with pytest.raises(LogdirError, match="none of its 1 runs has finished an episode"):
        plot_returns_100(tmp_path, out=tmp_path / "out.png")
    with pytest.raises(LogdirError, match="There is no log folder"):
        plot_returns_100(tmp_path / "nowhere", out=tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


def test_a_file_that_cannot_be_written_or_drawn(tmp_path):
    make_run(tmp_path / "runs", "p.q", "E", 0, [(10, 1.0)])
    (tmp_path / "file").write_text("")
    with pytest.raises(LogdirError, match=r"cannot be written"):
        plot_returns_100(tmp_path / "runs", out=tmp_path / "file" / "out.png")
    with pytest.raises(UsageError, match=r"\.mp3"):
        plot_returns_100(tmp_path / "runs", out=tmp_path / "out.mp3")


def test_without_a_screen_a_file_must_be_named(tmp_path, monkeypatch):
    import matplotlib

    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0)])
    with pytest.raises(UsageError, match="no screen"):
        plot_returns_100(tmp_path)


def test_where_there_is_a_screen_a_window_is_shown(tmp_path, monkeypatch):
    import matplotlib
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "qtagg")
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.get_fignums()))
    make_run(tmp_path, "p.q", "E", 0, [(10, 1.0)])
    figure = plot_returns_100(tmp_path)
    assert shown == [[figure.number]]
    pyplot.close(figure)
