"""List every decision in the navigation, newest first, on every build."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put all pages of `decisions/` behind its first page (called by MkDocs when it has read its settings)."""
    folder = Path(config.docs_dir) / "decisions"
    pages = sorted((path.name for path in folder.glob("2*.md")), reverse=True)
    config.nav.append({"Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in pages)]})
    return config
