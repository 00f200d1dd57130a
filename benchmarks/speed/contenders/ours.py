"""`atari.dqn_tuned` on Breakout, in the control loop and with the loggers of `all run`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measured import Stopwatch, report, settings

from all_atari import AtariEnvironment
from all_atari.presets import dqn_tuned
from allcore.experiments import SingleEnvExperiment
from allcore.experiments.allocator import keep_memory
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.status_logger import StatusLogger
from allcore.logging import ConsoleLogger, CsvLogger, LoggerGroup, TensorBoardLogger


def main() -> None:
    given = settings()
    keep_memory()  # as every run does
    start, end = given["warm_up"], given["warm_up"] + given["frames"]
    env = AtariEnvironment("Breakout", frame_skip=given["frame_skip"])
    same_names = (
        *("minibatch_size", "update_frequency", "target_update_frequency", "lr"),
        *("replay_buffer_size", "replay_start_size"),
    )
    builder = dqn_tuned.hyperparameters(
        **{name: given[name] for name in same_names},
        initial_exploration=given["exploration"],
        final_exploration=given["exploration"],
    )
    preset = builder.env(env).seed(given["seed"]).build()
    stopwatch = Stopwatch(preset.parameters())
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        usual = [TensorBoardLogger(folder), CsvLogger(folder), ConsoleLogger(folder)]
        logger = LoggerGroup([StatusLogger(RunFolder(folder), end), *usual])
        experiment = SingleEnvExperiment(preset, env, logger=logger, train_steps=end)
        experiment.train(frames=start)
        stopwatch.start()
        experiment.train(frames=end)
        result = stopwatch.stop(given["frames"])
        logger.close()
    report(result, "allcore", "all-agents", "all-atari")


if __name__ == "__main__":
    main()
