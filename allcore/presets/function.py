"""A function named by where it is: `module:function`, so that it can be written down as text."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Self

from allcore.errors import AllError, HyperparameterError
from allcore.imports import import_user_module
from allcore.plugins.causes import quote_call


class Function(str):
    """The name of a function, `module:function`, that is imported when it is called.

    Attributes:
        hyperparameter: which hyperparameter it is the value of, for messages; empty if of none.
    """

    __slots__ = ("hyperparameter",)
    hyperparameter: str

    def __new__(cls, name: str, hyperparameter: str = "") -> Self:
        """Name a function."""
        made = super().__new__(cls, name)
        made.hyperparameter = hyperparameter
        return made

    @classmethod
    def of(cls, value: str | Callable[..., Any]) -> Function:
        """The name of `value`: text that already is one, or a function defined at the top level of a module.

        Raises:
            ValueError: the text has no colon, or nobody could find the function again by its name.
        """
        if isinstance(value, str):
            module, _, attribute = value.partition(":")
            if not (module and attribute):
                raise ValueError(value)
            return cls(value)
        name = cls(f"{value.__module__}:{value.__qualname__}")
        try:
            found = name.resolve()
        except HyperparameterError as error:
            raise ValueError(name) from error
        if found is not value:
            raise ValueError(name)
        return name

    def resolve(self) -> Callable[..., Any]:
        """Import the module and get the function.

        Raises:
            HyperparameterError: there is no such module or function, or it cannot be called.
        """
        found = self.resolve_any()
        if not callable(found):
            raise HyperparameterError(f"{self} is a {type(found).__name__}, not a function")
        return found

    def resolve_any(self) -> Any:
        """Import the module and get whatever has this name.

        Raises:
            HyperparameterError: there is no such module, or nothing of that name in it.
        """
        module, _, path = self.partition(":")
        try:
            found: Any = import_user_module(module)
            for attribute in path.split("."):
                found = getattr(found, attribute)
        except (ImportError, AttributeError) as error:
            raise HyperparameterError(
                f"{self} cannot be found: {error}",
                hint="Name something at the top level of an importable module, as `module:name`.",
            ) from error
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Import the function and call it.

        Raises:
            HyperparameterError: it cannot be found, or raises something.
        """
        function = self.resolve()
        try:
            return function(*args, **kwargs)
        except AllError:
            raise
        except Exception as error:  # somebody's function, and perhaps not one for this place
            name = f"{self.hyperparameter}={self}" if self.hyperparameter else str(self)
            raise HyperparameterError(
                f"{name} fails: {quote_call(error)}",
                hint="Name a function that can be called in this place; `all show` says of the preset what each is for.",
            ) from error

    def source(self) -> str | None:
        """The function's source code, to be recorded with a run; None where Python cannot find it."""
        try:
            return inspect.getsource(self.resolve())
        except (OSError, TypeError):
            return None
