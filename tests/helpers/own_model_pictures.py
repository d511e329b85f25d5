"""The dialogs of the user's own models in the states worth a picture."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QLocale
from PySide6.QtWidgets import QWidget

from helpers.own_models import OwnBench, own_benches, repositories
from helpers.workbench import model, repository
from model_preload.core.catalog import Model
from model_preload.core.files import Disk
from model_preload.core.tasks.own_catalog import import_file
from model_preload.demo.hub import Hub, Reply, Request
from model_preload.ui.own_models.add_dialog import AddModelDialog
from model_preload.ui.own_models.import_dialog import ImportDialog
from model_preload.ui.own_models.remove_dialog import RemoveModelDialog


class _Hub(Hub):
    """It never answers about one repository."""

    def respond(self, request: Request) -> Reply:
        if "acme/slow" in request.path:
            self.wait(60)
        return super().respond(request)


def _bench(folder: Path, ending: ExitStack) -> OwnBench:
    hub = ending.enter_context(_Hub(*repositories(), files={"big-lama.pt": b"l" * 200_000}))
    return ending.enter_context(own_benches(folder, hub))


def _until(condition: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(30_000)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


def _dialog(folder: Path, typed: str = "", before: Model | None = None) -> AddModelDialog:
    """With the answer to what is typed; hub and core end with it."""
    ending = ExitStack()
    bench = _bench(folder, ending)
    dialog = AddModelDialog(bench.background, bench.home, bench.settings, QLocale().name(), before)
    dialog.destroyed.connect(partial(ending.close))  # a bound method would be held weakly
    dialog._address.setText(typed.replace("HUB", bench.settings.endpoint.replace("127.0.0.1", "localhost")))
    dialog._begin()
    if "slow" not in typed:
        _until(lambda: dialog._job is None)
    return dialog


def _patterns(folder: Path) -> QWidget:
    dialog = _dialog(folder, "acme/voice-small")
    dialog._picker._exclude.setText("*.bin, *.xml")
    dialog._picker._tree.ticked.emit("onnx/quantised/", False)
    return dialog


def _findings(folder: Path) -> QWidget:
    dialog = _dialog(folder, "acme/voice-small")
    dialog._form._key.setText("known")
    dialog._form._folder.setText("models")
    dialog._form._wants_folder()
    dialog._picker._include.setText("../x")
    return dialog


def _edit(folder: Path) -> QWidget:
    """A model of which no hub knows any more."""
    return _dialog(folder, "acme/gone", _own(folder)[0])


def _own(folder: Path) -> tuple[Model, ...]:
    ending = ExitStack()
    with ending:
        bench = _bench(folder, ending)
        bench.home.mkdir(parents=True, exist_ok=True)
        import_file(bench.home, Disk(), _catalog(folder / "own.toml", "gone", "voice-small"))
        return bench.own


def _catalog(path: Path, *keys: str, more: str = "") -> Path:
    entries = (model(key, repository(f"acme/{key}"), more=more) for key in keys)
    path.write_text("schema = 1\n" + "".join(entries), encoding="utf-8")
    return path


def _remove(folder: Path) -> QWidget:
    which = _own(folder)[1]
    ending = ExitStack()
    bench = _bench(folder, ending)
    place = folder / "models" / "voice-small"
    dialog = RemoveModelDialog(bench.background, bench.home, which, QLocale().name(), place)
    dialog.destroyed.connect(partial(ending.close))
    return dialog


def _import(folder: Path, catalog: Path) -> QWidget:
    _own(folder)
    ending = ExitStack()
    bench = _bench(folder, ending)
    dialog = ImportDialog(bench.background, bench.home)
    dialog.destroyed.connect(partial(ending.close))
    dialog.take_over(catalog)
    _until(lambda: not dialog._writing)
    return dialog


def _conflicts(folder: Path) -> QWidget:
    return _import(folder, _catalog(folder / "theirs.toml", "gone", "voice-small", more="auto_download = true"))


PICTURES: dict[str, Callable[[Path], QWidget]] = {
    "add-model": _dialog,
    "add-model-asking": lambda folder: _dialog(folder, "acme/slow"),
    "add-model-found": _patterns,
    "add-model-findings": _findings,
    "add-model-gated": lambda folder: _dialog(folder, "acme/gated"),
    "add-model-file": lambda folder: _dialog(folder, "HUB/files/big-lama.pt"),
    "edit-model-missing": _edit,
    "remove-model": _remove,
    "import-catalog": lambda folder: _import(folder, _catalog(folder / "new.toml", "one", "two", "three")),
    "import-catalog-conflicts": _conflicts,
}
