"""The exception tree: what exit code each has, and that nothing is lost between processes."""

import copy

import pytest

from allcore import errors

TREE = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]


@pytest.mark.parametrize("error_class", TREE)
def test_all_errors_belong_to_the_tree(error_class):
    assert issubclass(error_class, errors.AllError)


@pytest.mark.parametrize(
    ("error_class", "code"),
    [
        (errors.AllError, 1),
        (errors.CheckpointError, 1),
        (errors.UsageError, 2),
        (errors.UnknownKeyError, 2),
        (errors.HyperparameterError, 2),
        (errors.PluginError, 3),
        (errors.ConflictError, 4),
    ],
)
def test_exit_codes(error_class, code):
    assert error_class("what was wrong").exit_code == code


def test_the_hint_stands_below_the_message():
    error = errors.UsageError("There is no preset 'dqm'.", hint="Did you mean 'dqn'?")
    assert str(error) == "There is no preset 'dqm'.\nDid you mean 'dqn'?"
    assert str(errors.UsageError("What was wrong.")) == "What was wrong."


@pytest.mark.parametrize("error_class", TREE)
def test_an_error_survives_being_copied(error_class):
    """Worker processes hand errors on by the same protocol."""
    copied = copy.copy(error_class("message", hint="hint"))
    assert (type(copied), copied.message, copied.hint) == (error_class, "message", "hint")
