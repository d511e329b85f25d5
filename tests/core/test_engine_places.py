"""The folders that engines share, and how they are moved: by the variables that the engines read."""

from pathlib import Path

import pytest

from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.tasks.apply_env import EnvChange, apply, undo
from model_preload.core.tasks.engine_places import EnginePlace, places, propose_places
from model_preload.demo.hub import Hub

pytestmark = pytest.mark.windows
CONTENT = b"# mine\r\nSECRET=s3cret\r\nHF_TOKEN=t\r\nTORCH_HOME=/t\r\n"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    platform = tmp_path / "platform"
    (platform / "backend").mkdir(parents=True)
    (platform / "backend" / ".env").write_bytes(CONTENT)
    with Hub(make_repository({"a": b"a"})) as hub:
        return workbench(tmp_path, hub.endpoint, model("m", repository("owner/model"))).with_settings(platform=platform)


def told(bench: Workbench) -> tuple[EnginePlace, ...]:
    with bench.opened() as services:
        return places(services)


def proposed(bench: Workbench, **folders: Path | None) -> EnvChange:
    with bench.opened() as services:
        return propose_places(services, folders, Control())


def test_the_places_are_told_with_what_decides_them(bench: Workbench) -> None:
    hub, paddle, torch, watermark = told(bench)
    assert (hub.variable, hub.folder, hub.fixed) == ("HF_HOME", bench.home / "hf", True)
    assert "HF_HOME in the environment" in str(hub.why)
    assert (paddle.variable, paddle.folder, paddle.fixed) == ("PADDLE_PDX_CACHE_HOME", bench.home / ".paddlex", False)
    assert (torch.variable, torch.folder, torch.fixed) == ("TORCH_HOME", bench.home / "/t", False)
    assert "the platform's .env" in str(torch.why)
    assert bench.settings.platform is not None
    assert watermark.folder == bench.settings.platform / "models" / "watermark_models"
    assert watermark.variable == "TIANSHU_WATERMARK_CACHE_DIR"


def test_a_place_in_an_unknown_platform_is_none(bench: Workbench) -> None:
    watermark = told(bench.with_settings(platform=None))[3]
    assert (watermark.folder, watermark.fixed) == (None, False)


def test_a_variable_of_another_kind_keeps_the_place_where_it_is(bench: Workbench) -> None:
    bench.environ = {"HF_HOME": "", "HF_HUB_CACHE": "/c", "LAMA_MODEL": "/m/lama.pt"}
    hub, _, torch, _ = told(bench)
    assert (hub.variable, hub.folder) == ("HF_HUB_CACHE", bench.home / "/c")
    assert (torch.variable, torch.folder, torch.fixed) == ("LAMA_MODEL", bench.home / "/m/lama.pt", True)


def test_a_place_is_changed_by_its_variable_and_back(bench: Workbench, tmp_path: Path) -> None:
    new = tmp_path / "größe" / "paddle"
    change = proposed(bench, PADDLE_PDX_CACHE_HOME=new, TORCH_HOME=None)
    assert [line for line in change.diff.splitlines() if line[0] in "+-"][2:] == [
        "-TORCH_HOME=/t",
        "+# Model Preload: settings that let the engines find their models",
        f"+PADDLE_PDX_CACHE_HOME={new}",
    ]
    assert change.found == ()
    apply(change, Disk())
    assert change.file.read_bytes().startswith(b"# mine\r\nSECRET=s3cret\r\n")
    _, paddle, torch, _ = told(bench)
    assert (paddle.folder, torch.folder) == (new, bench.home / ".cache" / "torch")
    assert not proposed(bench, PADDLE_PDX_CACHE_HOME=new).is_needed
    with bench.opened() as services:
        undo(services)
    assert change.file.read_bytes() == CONTENT


def test_what_gets_in_the_way_only_then_is_told(bench: Workbench, tmp_path: Path) -> None:
    change = proposed(bench, TIANSHU_MODEL_CACHE_DIR=tmp_path)
    assert [one.code for one in change.found] == ["watermark-place"]


def test_what_can_not_be_written_is_refused(bench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(errors.EnvVariableOutside, match="HF_HOME"):
        proposed(bench, HF_HOME=tmp_path)
    for wrong in ("relative", "/a\nB=1"):
        with pytest.raises(errors.FolderUnfit):
            proposed(bench, TORCH_HOME=Path(wrong))
    with pytest.raises(ValueError, match="PATH"):
        proposed(bench, PATH=tmp_path)
    with pytest.raises(errors.PlatformUnknown):
        proposed(bench.with_settings(platform=None), TORCH_HOME=tmp_path)
