"""What went wrong in somebody else's code, told in one line."""

from __future__ import annotations

from allcore.errors import AllError


def quote(error: BaseException) -> str:
    """Name an exception and what it says, and its first cause where that is another one.

    An import that fails deep inside a library is often wrapped in a general message; the first cause is what the
    user can act on.
    """
    first = first_cause(error)
    # Our own messages quote what they were made of.
    if first is error or isinstance(error, AllError):
        return _one(error)
    return f"{_one(error)} (first cause: {_one(first)})"


def quote_call(error: BaseException) -> str:
    """`quote` what a function raised that was called where it is caught, and the line in which it did so."""
    import traceback

    # The first frame is the caller's; code in C leaves no others.
    frames = traceback.extract_tb(first_cause(error).__traceback__)[1:]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{quote(error)}{place}"


def first_cause(error: BaseException) -> BaseException:
    """Follow the chain of exceptions to its beginning."""
    seen = {id(error)}
    while True:
        earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if earlier is None or id(earlier) in seen:
            return error
        seen.add(id(earlier))
        error = earlier


def _one(error: BaseException) -> str:
    if isinstance(error, AllError):
        # Ours are sentences already.
        return error.message.rstrip(".")
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
