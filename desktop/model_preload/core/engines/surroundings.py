"""What decides where engines read: values, so that a rule over them can be tried for any machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from model_preload.core.texts import Text, text

_NO_WHY = text("that is its default")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that is set, and not empty."""

    name: str
    value: str
    from_file: bool

    @property
    def why(self) -> Text:
        """It decided."""
        if self.from_file:
            return text("{name} in the platform's .env says so", name=self.name)
        return text("{name} in the environment says so", name=self.name)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A machine, as far as it matters.

    Attributes:
        environ: of this process; the engines' one is taken to be the same.
        dotenv: the platform's `.env`; `load_dotenv` leaves alone what the environment has, be it empty.
        packages: version by canonical name.
        platform: the platform's folder, None if not known.
        home: the user's folder.
    """

    environ: Mapping[str, str]
    dotenv: Mapping[str, str]
    packages: Mapping[str, str]
    platform: PurePath | None
    home: PurePath

    @property
    def variables(self) -> Mapping[str, str]:
        """What the engines' processes see."""
        return {**self.dotenv, **self.environ}

    def first(self, *names: str) -> Variable | None:
        """The first of those variables that is set, and not empty."""
        for name in names:
            value = self.variables.get(name)
            if value:
                return Variable(name, value, from_file=name not in self.environ)
        return None

    def why(self, *names: str) -> Text:
        """Which of those variables decided, or that none did."""
        variable = self.first(*names)
        return _NO_WHY if variable is None else variable.why

    def path(self, written: str, *, expanded: bool = False) -> PurePath | None:
        """A path as an engine takes it; None if it is a relative one and the platform's folder is not known.

        Engines work in `<platform>/backend` (platform: start_all.py).

        Args:
            expanded: the engine fills in a `~`.
        """
        folder = type(self.home)
        if expanded and (written == "~" or written.startswith(("~/", "~\\"))):
            return self.home / folder(written[2:])
        found = folder(written)
        if found.is_absolute():
            return found
        return None if self.platform is None else self.platform / "backend" / found
