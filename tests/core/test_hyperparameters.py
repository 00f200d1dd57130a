"""Typed hyperparameters: what they take, what they refuse, and what they say then."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest

from allcore.errors import HyperparameterError
from allcore.presets import Function, hyperparameter
from allcore.presets.hyperparameters import as_dict, describe, replace


def some_network() -> str:
    return "made"


@dataclass(frozen=True, kw_only=True)
class Values:
    lr: float = hyperparameter(1e-3, "Step size.", unit="", source="Somebody 2015", at_least=0.0)
    minibatch_size: int = hyperparameter(32, "Transitions per update.", unit="transitions", at_least=1)
    double: bool = hyperparameter(False, "Whether.")
    hidden: tuple[int, ...] = hyperparameter((64, 64), "Widths.", unit="units", at_least=1)
    std: float = hyperparameter(0.5, "Deviation.", above=0.0, below=1.0)
    names: tuple[str, ...] = hyperparameter((), "Names.")
    clip: float | None = hyperparameter(None, "Largest norm.", at_least=0.0)
    model: Function = hyperparameter(Function("math:sqrt"), "Makes it.")


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("lr", "3e-4", 3e-4), ("lr", 1, 1.0), ("minibatch_size", "64", 64), ("minibatch_size", "1e3", 1000),
        ("minibatch_size", "1_000", 1000), ("minibatch_size", 8.0, 8), ("double", "False", False),
        ("double", "true", True), ("hidden", "32,16", (32, 16)), ("hidden", [8], (8,)), ("hidden", "", ()),
        ("hidden", "[64, 32]", (64, 32)), ("hidden", "[8]", (8,)), ("hidden", "8", (8,)), ("hidden", "[]", ()),
        ("names", '["a=1", "b"]', ("a=1", "b")),
        ("clip", "none", None), ("clip", "0.5", 0.5), ("model", "math:floor", "math:floor"),
    ],
)  # fmt: skip
def test_values_are_converted_to_the_field_s_type(name: str, given: object, kept: object) -> None:
    changed = getattr(replace(Values(), {name: given}, owner="x.y"), name)
    assert changed == kept
    assert type(changed) is type(kept) or isinstance(changed, Function)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("minibatch_size", "3.5", "whole number"), ("minibatch_size", True, "whole number"),
        ("minibatch_size", "many", "whole number"), ("minibatch_size", 0, "at least 1"),
        ("double", "maybe", "true/false"), ("double", 1, "true/false"), ("lr", "nan", "number"),
        ("lr", -1, "at least 0"), ("lr", "inf", "number"),
        ("hidden", "a,b", "list of whole number"), ("hidden", "64,,64", "list of whole number"),
        ("hidden", "64,", "list of whole number"), ("hidden", "[64,64", "list of whole number"),
        ("minibatch_size", "1e999", "whole number"), ("std", 0, "above 0.0 and below 1.0"), ("std", "1", "below 1"),
        ("clip", "-1", "at least 0"),
        ("model", "nocolon", "module:function"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(name: str, given: object, said: str) -> None:
    with pytest.raises(HyperparameterError, match=said) as caught:
        replace(Values(), {name: given}, owner="x.y")
    assert f"x.y: {name}" in str(caught.value)


@pytest.mark.parametrize("given", ["0", "64,-5", (64, 0), "[0]"])
def test_the_bounds_of_a_list_hold_for_each_of_its_values(given: object) -> None:
    with pytest.raises(HyperparameterError, match="x.y: each of hidden is at least 1, not"):
        replace(Values(), {"hidden": given}, owner="x.y")


def test_an_unknown_name_proposes_the_nearest() -> None:
    with pytest.raises(HyperparameterError, match="minibatch_size"):
        replace(Values(), {"minibatchsize": 3}, owner="x.y")


def test_a_change_leaves_the_original_alone() -> None:
    original = Values()
    assert replace(original, {"lr": 1.0}, owner="x.y").lr == 1.0
    assert original.lr == 1e-3


def test_description_has_everything_a_reader_needs() -> None:
    first = describe(Values())[0]
    assert first == {
        "name": "lr", "value": 1e-3, "type": "number", "unit": "", "doc": "Step size.", "source": "Somebody 2015",
    }  # fmt: skip
    assert as_dict(Values())["hidden"] == [64, 64]
    assert as_dict(Values())["model"] == "math:sqrt"


def test_a_function_is_named_by_where_it_is_and_called_by_its_name() -> None:
    function = Function.of(some_network)
    assert function.endswith(":some_network")
    assert Function("math:sqrt")(9.0) == 3.0
    assert "def some_network" in (function.source() or "")


def test_what_a_function_raises_names_it_and_its_hyperparameter() -> None:
    model = replace(Values(), {"model": "math:floor"}, owner="x.y").model
    with pytest.raises(
        HyperparameterError, match=r"model=math:floor fails: TypeError: must be real number, not"
    ):
        copy.deepcopy(model)("text")
    with pytest.raises(HyperparameterError, match="cannot be found"):  # ours are told as they are
        Function("allcore.presets.function:Function.resolve")(Function("no_such_module:x"))


def test_a_function_that_cannot_be_found_again_is_refused() -> None:
    with pytest.raises(HyperparameterError, match="module:function"):
        replace(Values(), {"model": lambda: None}, owner="x.y")
    with pytest.raises(HyperparameterError, match="cannot be found"):
        Function("math:no_such")()
    with pytest.raises(HyperparameterError, match="cannot be found"):
        Function("no_such_module:x")()
    with pytest.raises(HyperparameterError, match="not a function"):
        Function("math:pi").resolve()
