"""A package of the platform's Python that decides what counts."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """What `when` says.

    Attributes:
        package: distribution name.
        version: specifier such as `>=3.6,<4`; empty for any version.
    """

    package: str
    version: str = ""

    def met_by(self, installed: Mapping[str, str]) -> bool:
        """Whether these packages meet it (version by canonical name); a pre-release counts like any other version."""
        from packaging.specifiers import SpecifierSet
        from packaging.utils import canonicalize_name

        version = installed.get(canonicalize_name(self.package))
        return version is not None and SpecifierSet(self.version).contains(version, prereleases=True)
