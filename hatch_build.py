"""Build hook: compiles the translations and puts `resources/` into the wheel.

An `.mo` file is a product of the build: it lies next to its `.po`, where `gettext` looks, and git ignores it.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ResourcesHook(BuildHookInterface[Any]):
    """Runs for wheels and editable installs; the latter read `resources/` where it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue; ship what a program reads, not what translators do."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        for source in root.glob("resources/i18n/*/LC_MESSAGES/*.po"):
            compile_translation(source)
        if version == "editable":
            return
        for path in sorted(root.glob("resources/**/*")):
            if path.is_file() and path.suffix not in {".po", ".pot", ".md"}:
                build_data["force_include"][str(path)] = f"model_preload/{path.relative_to(root).as_posix()}"


def compile_translation(source: Path) -> Path:
    """Write the `.mo` of a `.po` next to it; without fuzzy entries, which nobody has approved."""
    with source.open("rb") as lines:
        catalogue = read_po(lines)
    compiled = source.with_suffix(".mo")
    with compiled.open("wb") as target:
        write_mo(target, catalogue)
    return compiled
