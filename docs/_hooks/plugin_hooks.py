"""Write the page `reference/hooks.md` from the hook specifications, on every build."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE = "reference/hooks.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site (called by MkDocs when it has read the documentation's files)."""
    from allcore.plugins import lifecycle_hooks, registration_hooks

    files.append(File.generated(config, PAGE, content=page([registration_hooks, lifecycle_hooks])))
    return files


def page(modules: Iterable[ModuleType]) -> str:
    """The page for some modules of hook specifications: each module's docstring, then its hooks."""
    parts = ["# Plugin hooks", "What a plugin may implement, with the decorator `allcore.plugins.hookimpl`."]
    for module in modules:
        parts.append(f"## {module.__name__.rpartition('.')[2].replace('_', ' ').capitalize()}")
        parts.append(as_markdown(inspect.getdoc(module) or ""))
        for hook in hooks(module):
            parts.append(f"### `{hook.__name__}`")
            parts.append(f"```python\n{signature(hook)}\n```")
            parts.append(as_markdown(inspect.getdoc(hook) or ""))
    return "\n\n".join(parts) + "\n"


def hooks(module: ModuleType) -> list[Callable[..., object]]:
    """The hook specifications of a module, in the order of the source."""
    return [
        value
        for name, value in vars(module).items()
        if name.startswith("all_") and inspect.isfunction(value) and value.__module__ == module.__name__
    ]


def signature(hook: Callable[..., object]) -> str:
    """A hook's definition in one line, as an implementation would write it with all its arguments."""
    # Postponed annotations are text, which inspect shows in quotes.
    return f"def {hook.__name__}{inspect.signature(hook)}".replace("'", "")


def as_markdown(docstring: str) -> str:
    """Turn the sections of a docstring into Markdown: `When: ...` and the lists below `Args:` and their like."""
    lines: list[str] = []
    in_code = False
    for line in docstring.splitlines():
        in_code ^= line.startswith("```")
        if in_code or line.startswith("```"):
            lines.append(line)
        elif heading := re.fullmatch(r"([A-Z][\w ]*):", line):
            lines += [f"\n**{heading[1]}**\n"]
        elif item := re.match(r"(When|Returns|May not): (.*)", line):
            lines.append(f"- **{item[1]}:** {item[2]}")
        elif argument := re.match(r" {4}(\w+): (.*)", line):
            lines.append(f"- `{argument[1]}`: {argument[2]}")
        else:
            lines.append(line)
    # A list begins after an empty line.
    return re.sub(r"(?m)^((?!- | {4}).+)\n(?=- \*\*)", r"\1\n\n", "\n".join(lines))
