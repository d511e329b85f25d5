"""Wrong usage, catalog or settings: exit code 2."""

from collections.abc import Sequence
from pathlib import Path

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import Text, text


class UsageProblem(Circumstance):
    """What the person wrote can't be taken as it is."""

    code = "usage"
    exit_code = 2


class UnknownModel(UsageProblem):
    code = "unknown-model"

    def __init__(self, key: str, known: Sequence[str]) -> None:
        super().__init__(
            text("The catalog has no model “{key}”.", key=key),
            text("It has: {known}.", known=", ".join(known)),
        )


class CatalogProblem(UsageProblem):
    """A catalog file is wrong.

    Attributes:
        path: the file.
        findings: each names the model, the key, what was found and what was expected.
    """

    code = "catalog"

    def __init__(self, path: Path, findings: Sequence[Text]) -> None:
        self.path = path
        self.findings = tuple(findings)
        shown = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(
            text("The catalog {path} can't be used:\n{findings}", path=path, findings=shown),
            text("Correct the file and try again; its format is described in docs/catalog.md."),
        )


class PlatformUnknown(UsageProblem):
    code = "platform-unknown"

    def __init__(self) -> None:
        super().__init__(
            text("The platform's folder is not known."),
            text("Set MODEL_PRELOAD_PLATFORM, or platform in the settings, to the platform's folder."),
        )


class SettingsProblem(UsageProblem):
    code = "settings"

    def __init__(self, path: Path, finding: Text) -> None:
        super().__init__(
            text("The settings {path} can't be used: {finding}", path=path, finding=finding),
            text("Correct the file, or delete it to have the defaults."),
        )


class VariableProblem(SettingsProblem):
    """A variable of the environment that decides a setting, or is a token, is wrong."""

    def __init__(self, variable: str, finding: Text) -> None:
        UsageProblem.__init__(
            self,
            text("{variable} in the environment can't be used: {finding}", variable=variable, finding=finding),
            text("Correct the variable, or take it out of the environment."),
        )


class PlaceUnfit(UsageProblem):
    """A cache can't hold what comes from this kind of source."""

    code = "place-unfit"

    def __init__(self, model: str, source: str, cache: str) -> None:
        super().__init__(
            text("“{model}”: the {cache} cache can't hold files of {source}.", model=model, cache=cache, source=source),
            text("Give the model a folder as its place, or another source."),
        )


class TokenUnfit(UsageProblem):
    """What was typed can be no token; it is in no text."""

    code = "token-unfit"

    def __init__(self) -> None:
        super().__init__(
            text("This is no token: a token has no blanks and no characters but those of ASCII."),
            text("Copy it once more from your account's page."),
        )


class FolderUnfit(UsageProblem):
    code = "folder-unfit"

    def __init__(self, folder: str) -> None:
        super().__init__(
            text("“{folder}” is not the full path of a folder.", folder=folder),
            text("Choose a folder by its full path, with a drive's letter on Windows."),
        )


class SourceUnreadable(UsageProblem):
    """What was typed names no place that models come from."""

    code = "source-unreadable"

    def __init__(self, typed: str, reason: Text) -> None:
        super().__init__(
            text("“{typed}” can't be looked up: {reason}.", typed=typed, reason=reason),
            text("Type owner/name as the hub shows it, or the address of a page of the hub or of a file."),
        )


class PatternUnfit(UsageProblem):
    code = "pattern-unfit"

    def __init__(self, patterns: Sequence[str]) -> None:
        super().__init__(
            text("These are no patterns: {patterns}.", patterns=", ".join(patterns)),
            text("Write them such as *.json or folder/, relative, with /, without “..” or an open bracket."),
        )


class ModelUnfit(UsageProblem):
    """The own catalog would be wrong with this change; it was left as it is.

    Attributes:
        findings: each names the model, the key, what was found and what was expected.
    """

    code = "model-unfit"

    def __init__(self, findings: Sequence[Text]) -> None:
        self.findings = tuple(findings)
        shown = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(
            text("The catalog of your own can't be changed in this way:\n{findings}", findings=shown),
            text("Correct what is named and try again. Nothing was changed."),
        )
