"""Fill in the pages of the algorithms, on every build: which presets there are, and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

FOLDER = "reference/algorithms/"
RESULTS = "benchmarks/results"
SUITES = ("learning", "learning-atari-10m")  # those of benchmarks/learning/bars.py

ALL, PRESETS, MEASURED = "<!-- all algorithms -->", "<!-- presets -->", "<!-- measured -->"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put all pages of the algorithms at the end of the reference (called by MkDocs when it has read its settings)."""
    folder = Path(config.docs_dir) / FOLDER
    pages = sorted(f"{FOLDER}{path.name}" for path in folder.glob("*.md") if path.name != "index.md")
    (reference,) = (part["Reference"] for part in config.nav if "Reference" in part)
    reference.append({"Algorithms": [f"{FOLDER}index.md", *pages]})
    return config


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Put tables in the places that a page marks (called by MkDocs for every page)."""
    if not page.file.src_uri.startswith(FOLDER):
        return markdown
    agent = f"agents.{Path(page.file.src_uri).stem.replace('-', '_')}"
    results = Path(config.config_file_path).parent / RESULTS
    parts = {ALL: algorithms, PRESETS: lambda: presets(agent), MEASURED: lambda: measured(agent, results)}
    for mark, part in parts.items():
        if mark in markdown:
            markdown = markdown.replace(mark, part())
    return markdown


def algorithms() -> str:
    """A table of all agents that have a page here."""
    from allcore.plugins import registry

    rows = [
        f"| [`{entry.key}`]({entry.record.name.replace('_', '-')}.md) | {entry.record.summary} "
        f"| {', '.join(entry.record.tags)} |"
        for entry in registry().records("agents")
        if entry.plugin.namespace == "agents"
    ]
    return _table("| agent | | |", rows)


def presets(agent: str) -> str:
    """A table of the presets that compose an agent."""
    from allcore.plugins import registry

    rows = [
        f"| `{entry.key}` | {entry.record.summary} | {entry.record.default_frames:,} |"
        for entry in registry().records("presets")
        if entry.record.agent == agent
    ]
    return _table("| preset | | agent steps |", rows)


def measured(agent: str, results: Path) -> str:
    """What was measured of the presets that compose an agent: rows of the tables that the benchmark wrote."""
    from allcore.plugins import registry

    keys = {entry.key for entry in registry().records("presets") if entry.record.agent == agent}
    rows, commands = [], []
    for suite in SUITES:
        file = results / suite / "README.md"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found = [line for line in lines if line.startswith("| `") and line.split("`")[1] in keys]
        rows += found
        command = "python benchmarks/learning/run.py" + (f" --suite {suite}" if suite != SUITES[0] else "")
        commands += [
            f"{command} --preset {row.split('`')[1]} --env {row.split('`')[3].partition(':')[2]}"
            for row in found
        ]
    if not rows:
        return "Nothing has been measured yet."
    head = "| preset | environment | agent steps | seeds | IQM | 95 % interval | bar | verdict |"
    return _table(head, rows) + "\n\n```bash\n" + "\n".join(commands) + "\n```"


def _table(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])
