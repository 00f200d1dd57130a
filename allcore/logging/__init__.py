"""Loggers: where a run's numbers go."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.logging.console_logger import ConsoleLogger as ConsoleLogger
    from allcore.logging.csv_logger import CsvLogger as CsvLogger
    from allcore.logging.dummy_logger import DummyLogger as DummyLogger
    from allcore.logging.json_lines_logger import JsonLinesLogger as JsonLinesLogger
    from allcore.logging.logger import Logger as Logger
    from allcore.logging.logger_group import LoggerGroup as LoggerGroup
    from allcore.logging.prefixed_logger import PrefixedLogger as PrefixedLogger
    from allcore.logging.rate import Rate as Rate
    from allcore.logging.tensorboard_logger import TensorBoardLogger as TensorBoardLogger

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Logger": "allcore.logging.logger",
        "LoggerGroup": "allcore.logging.logger_group",
        "DummyLogger": "allcore.logging.dummy_logger",
        "PrefixedLogger": "allcore.logging.prefixed_logger",
        "ConsoleLogger": "allcore.logging.console_logger",
        "CsvLogger": "allcore.logging.csv_logger",
        "JsonLinesLogger": "allcore.logging.json_lines_logger",
        "TensorBoardLogger": "allcore.logging.tensorboard_logger",
        "Rate": "allcore.logging.rate",
    },
)
