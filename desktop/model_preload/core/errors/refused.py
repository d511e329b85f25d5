"""Refused before starting: exit code 3."""

from collections.abc import Sequence
from pathlib import Path

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import Text, lines, plural, text


class Refused(Circumstance):
    """Nothing was begun, since it could not have ended well."""

    code = "refused"
    exit_code = 3


class HeldByAnother(Refused):
    code = "held"

    def __init__(self, holder: str) -> None:
        super().__init__(
            text("Another run is at work: {holder}.", holder=holder),
            text("Wait for it, or use --wait to begin as soon as it is done."),
        )


class JournalTooNew(Refused):
    code = "journal-newer"

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            text(
                "The journal {path} was written by a newer version (format {found}, this one knows {known}).",
                path=path,
                found=found,
                known=known,
            ),
            text("Install the newest version again. Nothing was changed."),
        )


class JournalUnusable(Refused):
    code = "journal"

    def __init__(self, path: Path, reason: str | Text, next_step: Text | None = None) -> None:
        super().__init__(
            text("The journal {path} can't be used: {reason}.", path=path, reason=reason),
            next_step
            or text("Close programs that may hold it. If that does not help, rename the file: a new one is made."),
        )


class JournalLocked(JournalUnusable):
    code = "journal-locked"

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(path, text("another program has locked it for more than {seconds:.0f} s", seconds=seconds))


class JournalDamaged(JournalUnusable):
    """Its bytes are not those of a sound journal; the next start sets it aside. `reason` is SQLite's or ours."""

    code = "journal-damaged"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            text("it is damaged ({reason})", reason=reason),
            text("Start again: it is set aside, a new one is made, and what is on the disk is found again."),
        )
        self.reason = reason


class PlanRefused(Refused):
    """The plan found reasons, all of them named."""

    code = "plan-refused"
    needs_person = True

    def __init__(self, reasons: Sequence[Text]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            plural(
                "Nothing was begun, for one reason:\n{reasons}",
                "Nothing was begun, for {n} reasons:\n{reasons}",
                len(self.reasons),
                reasons=lines(self.reasons, indent="  "),
            ),
            text("Nothing was changed. Make room or choose another place, and start again."),
        )


class PlaceUnknown(Refused):
    """A place's folder can't be told, such as `{platform}` without a platform folder."""

    code = "place-unknown"
    needs_person = True

    def __init__(self, model: str, place: str) -> None:
        super().__init__(
            text(
                "The place of “{model}” is {place}, but the platform's folder is not known.", model=model, place=place
            ),
            text("Set MODEL_PRELOAD_PLATFORM to the platform's folder."),
        )


class PlatformGone(PlaceUnknown):
    """The platform's folder was named, and is not there."""

    code = "platform-gone"

    def __init__(self, platform: Path) -> None:
        Refused.__init__(
            self,
            text("The platform's folder {platform} is not there.", platform=platform),
            text("Correct MODEL_PRELOAD_PLATFORM, or platform in the settings, or bring the folder back."),
        )


class EnvFileProblem(Refused):
    """The platform's `.env` can't be changed; it was left as it is."""

    code = "env-file"


class EnvFileMissing(EnvFileProblem):
    code = "env-file-missing"

    def __init__(self, platform: Path) -> None:
        super().__init__(
            text("The platform in {platform} has no .env, without which it does not start.", platform=platform),
            text("Copy .env.example to .env there, fill it in as the platform's guide says, and try again."),
        )


class EnvFileChanged(EnvFileProblem):
    code = "env-file-changed"

    def __init__(self, path: Path) -> None:
        super().__init__(
            text("{path} was changed by someone else in the meantime; it was left as it is.", path=path),
            text("Look at it, and start again."),
        )


class NothingToUndo(EnvFileProblem):
    code = "nothing-to-undo"

    def __init__(self, path: Path) -> None:
        super().__init__(
            text("There is no backup of {path} that this program made.", path=path),
            text("There is nothing to undo; the file was left as it is."),
        )


class EnvFileUnsound(EnvFileProblem):
    """Its lines can't be told apart.

    Attributes:
        lines: the numbers of those that the platform leaves out.
    """

    code = "env-file-unsound"

    def __init__(self, lines: Sequence[int]) -> None:
        self.lines = tuple(lines)
        shown = ", ".join(map(str, self.lines)) or "–"
        super().__init__(
            text("The .env can't be changed, since its lines can't be told apart: {lines}.", lines=shown),
            text("Open it with an editor, close the quotes in these lines, and save it as UTF-8."),
        )


class EnvVariableOutside(EnvFileProblem):
    """The environment sets what the `.env` was to set, and goes before it."""

    code = "env-variable-outside"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            text("The environment itself sets {names}, which goes before the platform's .env.", names=", ".join(names)),
            text("Change the variable there, or take it away, and try again."),
        )


class CredentialStoreUnusable(Refused):
    """The system keeps no secrets for this program: there is no store, or it is locked."""

    code = "credential-store"
    needs_person = True

    def __init__(self, reason: str | Text, variable: str) -> None:
        super().__init__(
            text("The system's credential store can't be used: {reason}.", reason=reason),
            text("Unlock it, or set the variable {variable} instead; the token was kept nowhere.", variable=variable),
        )
