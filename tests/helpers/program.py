"""The real command line in a process of its own, with a test's folders and environment."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from model_preload.demo.hub import Hub

SECONDS = 60
"""Until a call is taken for stuck."""


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document that standard output is."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Program:
    """One installation: its folders, a catalog, a hub; `run` and `start` as often as the test wants.

    Attributes:
        home: of everything.
        endpoint: of the hub.
        catalog: the text of the catalog file, without the line of its schema.
        environ: variables besides those of the folders; an empty one is taken away.
        settings: lines of `settings.toml`.
    """

    home: Path
    endpoint: str
    catalog: str
    environ: dict[str, str] = field(default_factory=dict)
    settings: str = ""

    @property
    def state(self) -> Path:
        return Path(self.environment["MODEL_PRELOAD_HOME"])

    @property
    def hf_home(self) -> Path:
        return Path(self.environment["HF_HOME"])

    @property
    def environment(self) -> dict[str, str]:
        """All variables of a child."""
        given = {
            **os.environ,
            "MODEL_PRELOAD_HOME": str(self.home / "state"),
            "HF_HOME": str(self.home / "hf"),
            "HF_ENDPOINT": self.endpoint,
            "PYTHONIOENCODING": "utf-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **self.environ,
        }
        return {name: value for name, value in given.items() if value}

    def with_environ(self, **environ: str) -> Self:
        """The same with more variables."""
        return replace(self, environ={**self.environ, **environ})

    def command(self, *words: str) -> list[str]:
        """The command line; one that does not begin with `demo` or an option gets the catalog."""
        self.home.mkdir(parents=True, exist_ok=True)
        written = self.home / "catalog.toml"
        written.write_text(f"schema = 1\n{self.catalog}", encoding="utf-8")
        if not self.state.exists():
            self.state.mkdir(parents=True)
            # The room that stays free on a user's drive is no matter of a test's.
            (self.state / "settings.toml").write_text(f"reserve = 0\n{self.settings}", encoding="utf-8")
        catalog = [] if words[0] == "demo" or words[0].startswith("-") else ["--catalog", str(written)]
        return [sys.executable, "-P", "-m", "model_preload", *words, *catalog]

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """A process whose output is caught, in a group of its own so that Ctrl-C reaches only it."""
        if sys.platform == "win32":
            options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        return subprocess.Popen(self.command(*words), env=self.environment, cwd=self.home, **{**usual, **options})

    def run(self, *words: str, **options: Any) -> Done:
        """A call from beginning to end."""
        return finish(self.start(*words, **options))


def finish(process: subprocess.Popen[str], seconds: float = SECONDS) -> Done:
    """Wait for the end; one that is stuck is killed and fails the test."""
    with process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Done(process.returncode, out or "", err or "")


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C, or what comes nearest on Windows, where Ctrl-C can't be sent to one process."""
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        process.send_signal(signal.SIGINT)


def program(home: Path, hub: Hub, catalog: str, **environ: str) -> Program:
    """One on a hub."""
    return Program(home, hub.endpoint, catalog, environ)
