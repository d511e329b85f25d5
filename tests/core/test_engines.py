"""Where engines read: tables of variables, platforms and systems, and which packages sets of models are chosen by."""

from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from model_preload.core.engines.packages import ASSUMED, packages
from model_preload.core.engines.places import reading
from model_preload.core.engines.surroundings import Surroundings
from model_preload.core.errors import PlaceUnknown

pytestmark = pytest.mark.windows
HOME = PurePosixPath("/home/用户")
PLATFORM = PurePosixPath("/srv/tianshu")
OFFLINE = PLATFORM / "models-offline"
WINDOWS_HOME = PureWindowsPath("C:/Users/用户")
WINDOWS_PLATFORM = PureWindowsPath("D:/AI/mineru-tianshu")
NOTHING: Mapping[str, str] = {}


def around(
    environ: Mapping[str, str] = NOTHING,
    dotenv: Mapping[str, str] = NOTHING,
    platform: PurePath | None = PLATFORM,
    home: PurePath = HOME,
    offline_root: PurePath | None = None,
    packages: Mapping[str, str] = NOTHING,
) -> Surroundings:
    return Surroundings(environ, dotenv, packages, platform, home, offline_root)


def newer(environ: Mapping[str, str] = NOTHING, dotenv: Mapping[str, str] = NOTHING) -> Surroundings:
    """A platform that has its own `model_cache.py`."""
    return around(environ, dotenv, offline_root=OFFLINE)


def on_windows(environ: Mapping[str, str] = NOTHING, dotenv: Mapping[str, str] = NOTHING) -> Surroundings:
    return around(environ, dotenv, WINDOWS_PLATFORM, WINDOWS_HOME)


def place(engine: str, where: Surroundings, written: str | None = None) -> tuple[str, str]:
    """The place, and why there."""
    found = reading(engine, "key", "Name", where, lambda _: written)
    return str(found.path), str(found.why)


@pytest.mark.parametrize(
    ("engine", "where", "path", "why"),
    [
        ("paddlex", around(), f"{HOME}/.paddlex/official_models/Name", "default"),
        ("paddlex", around(platform=None), f"{HOME}/.paddlex/official_models/Name", "default"),
        ("paddlex", around({"PADDLE_PDX_CACHE_HOME": "/m"}), "/m/official_models/Name", "PADDLE_PDX_CACHE_HOME in the"),
        (
            "paddlex",
            around({}, {"PADDLE_PDX_CACHE_HOME": "/m"}),
            "/m/official_models/Name",
            "PADDLE_PDX_CACHE_HOME in the platform's .env",
        ),
        (
            "paddlex",
            around({"PADDLE_PDX_CACHE_HOME": "/e"}, {"PADDLE_PDX_CACHE_HOME": "/m"}),
            "/e/official_models/Name",
            "environment",
        ),
        (
            "paddlex",
            around({"PADDLE_PDX_CACHE_HOME": ""}, {"PADDLE_PDX_CACHE_HOME": "/m"}),
            f"{HOME}/.paddlex/official_models/Name",
            "default",
        ),
        (
            "paddlex",
            around({}, {"PADDLE_PDX_CACHE_HOME": "../models"}),
            f"{PLATFORM}/backend/../models/official_models/Name",
            ".env",
        ),
        ("paddlex", around({"PADDLEOCR_HOME": "/read/by/nothing"}), f"{HOME}/.paddlex/official_models/Name", "default"),
        ("paddlex", on_windows(), r"C:\Users\用户\.paddlex\official_models\Name", "default"),
        (
            "paddlex",
            on_windows({}, {"PADDLE_PDX_CACHE_HOME": "E:/缓存/paddle"}),
            r"E:\缓存\paddle\official_models\Name",
            ".env",
        ),
        ("funasr", around(), f"{PLATFORM}/backend/iic/Name", "before it asks a hub"),
        ("funasr", around({"MODELSCOPE_CACHE": "/m"}), f"{PLATFORM}/backend/iic/Name", "before it asks a hub"),
        ("funasr", on_windows(), r"D:\AI\mineru-tianshu\backend\iic\Name", "before it asks a hub"),
        ("watermark", around(), f"{PLATFORM}/models/watermark_models/yolo11x_watermark.pt", "default"),
        ("watermark", around({"TIANSHU_MODEL_CACHE_DIR": "/m"}), "/m/yolo11x_watermark.pt", "TIANSHU_MODEL_CACHE_DIR"),
        (
            "watermark",
            around({"TIANSHU_MODEL_CACHE_DIR": "/m"}, {"TIANSHU_WATERMARK_CACHE_DIR": "/w"}),
            "/w/yolo11x_watermark.pt",
            "TIANSHU_WATERMARK_CACHE_DIR in the platform's .env",
        ),
        ("watermark", around({"TIANSHU_MODEL_CACHE_DIR": "/m"}, platform=None), "/m/yolo11x_watermark.pt", "_DIR"),
        (
            "watermark",
            on_windows(),
            r"D:\AI\mineru-tianshu\models\watermark_models\yolo11x_watermark.pt",
            "default",
        ),
        (
            "watermark",
            newer(),
            f"{OFFLINE}/watermark_models/yolo11x_watermark.pt",
            "the platform's own backend/utils/model_cache.py",
        ),
        ("watermark", newer({"TIANSHU_MODEL_CACHE_DIR": "/m"}), "/m/yolo11x_watermark.pt", "TIANSHU_MODEL_CACHE_DIR"),
        ("paddlex", newer(), f"{HOME}/.paddlex/official_models/Name", "default"),
        ("simple-lama", around(), f"{HOME}/.cache/torch/hub/checkpoints/big-lama.pt", "default"),
        ("simple-lama", around({"XDG_CACHE_HOME": "/x"}), "/x/torch/hub/checkpoints/big-lama.pt", "XDG_CACHE_HOME"),
        (
            "simple-lama",
            around({"XDG_CACHE_HOME": "/x", "TORCH_HOME": "~/torch"}),
            f"{HOME}/torch/hub/checkpoints/big-lama.pt",
            "TORCH_HOME",
        ),
        (
            "simple-lama",
            around({"TORCH_HOME": "/t"}, {"LAMA_MODEL": "/l/其他.pt"}),
            "/l/其他.pt",
            "LAMA_MODEL in the pl",
        ),
        ("simple-lama", around({}, {"LAMA_MODEL": "~/x.pt"}), f"{PLATFORM}/backend/~/x.pt", "LAMA_MODEL"),
        ("simple-lama", on_windows(), r"C:\Users\用户\.cache\torch\hub\checkpoints\big-lama.pt", "default"),
        ("simple-lama", on_windows({"LAMA_MODEL": r"E:\m\lama.pt"}), r"E:\m\lama.pt", "LAMA_MODEL in the environment"),
    ],
)
def test_each_engine_reads_where_its_source_says(engine: str, where: Surroundings, path: str, why: str) -> None:
    found = place(engine, where)
    assert found[0] == path
    assert why in found[1]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (around(), "default"),
        (around({"MINERU_MODEL_SOURCE": "huggingface"}), "default"),
        (around({}, {"MINERU_MODEL_SOURCE": "modelscope"}), "default"),
        (around({"MINERU_MODEL_SOURCE": ""}, {"MINERU_MODEL_SOURCE": "local"}), "default"),
        (around({}, {"HF_HOME": "E:/hf"}), "HF_HOME in the platform's .env"),
        (around({"HF_HUB_CACHE": "/c"}, {"HF_HOME": "E:/hf"}), "HF_HUB_CACHE in the environment"),
        (around({"HF_HOME": "/h"}, {"HUGGINGFACE_HUB_CACHE": "/c"}), "HUGGINGFACE_HUB_CACHE in the platform's .env"),
        (newer(), "the platform's own backend/utils/model_cache.py sets HUGGINGFACE_HUB_CACHE"),
        (newer({"HF_HOME": "/h"}), "model_cache.py sets HUGGINGFACE_HUB_CACHE"),
        (newer({}, {"HF_HUB_CACHE": "/c"}), "HF_HUB_CACHE in the platform's .env"),
        (newer({}, {"HUGGINGFACE_HUB_CACHE": ""}), "model_cache.py sets HF_HOME"),
    ],
)
def test_mineru_reads_the_hugging_face_cache(where: Surroundings, why: str) -> None:
    found = reading("mineru", "mineru", "", where, lambda _: None)
    assert (found.layout, found.path, found.config) == ("huggingface", None, None)
    assert why in str(found.why)


def test_the_platform_s_own_caches_count_where_nothing_else_is_set() -> None:
    assert newer().variables == {
        "HF_HOME": f"{OFFLINE}/huggingface",
        "HUGGINGFACE_HUB_CACHE": f"{OFFLINE}/huggingface/hub",
    }
    told = newer({"HF_HOME": "/h"}, {"HUGGINGFACE_HUB_CACHE": ""}).variables
    assert told == {"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": ""}


LOCAL = {"MINERU_MODEL_SOURCE": "local"}


@pytest.mark.parametrize(
    ("where", "written", "path", "config"),
    [
        (around(LOCAL), None, f"{HOME}/mineru-models", f"{HOME}/mineru.json"),
        (around(LOCAL), '{"models-dir": {"pipeline": "/m/kit"}}', "/m/kit", f"{HOME}/mineru.json"),
        (around(LOCAL), '{"models-dir": {"pipeline": "~/kit"}}', f"{HOME}/kit", f"{HOME}/mineru.json"),
        (around(LOCAL), '{"models-dir": {"pipeline": "kit"}}', f"{PLATFORM}/backend/kit", f"{HOME}/mineru.json"),
        *(
            (around(LOCAL), wrong, f"{HOME}/mineru-models", f"{HOME}/mineru.json")
            for wrong in ("", "[]", "{", "7", '{"models-dir": 1}', '{"models-dir": {"pipeline": ""}}')
        ),
        (around(LOCAL, {"MINERU_TOOLS_CONFIG_JSON": "/etc/m.json"}), None, "/etc/mineru-models", "/etc/m.json"),
        (around(LOCAL, {"MINERU_TOOLS_CONFIG_JSON": "a/m.json"}), None, f"{HOME}/a/mineru-models", f"{HOME}/a/m.json"),
        (
            on_windows({}, {**LOCAL, "MINERU_TOOLS_CONFIG_JSON": "D:/配置/m.json"}),
            '{"models-dir": {"pipeline": "D:/kit"}}',
            r"D:\kit",
            r"D:\配置\m.json",
        ),
        (on_windows(LOCAL), None, r"C:\Users\用户\mineru-models", r"C:\Users\用户\mineru.json"),
    ],
)
def test_mineru_s_local_mode_reads_the_folder_of_its_settings(
    where: Surroundings, written: str | None, path: str, config: str
) -> None:
    asked = []

    def read(file: PurePath) -> str | None:
        asked.append(str(file))
        return written

    found = reading("mineru", "mineru", "", where, read)
    assert (found.layout, str(found.path), str(found.config)) == ("whole", path, config)
    assert asked == [config]


KIT = '{"models-dir": {"pipeline": "/m/kit"}}'
SNAPSHOT = '{"models-dir": {"pipeline": "/hub/models--a--b/snapshots/1111"}}'


@pytest.mark.parametrize(
    ("version", "source", "written", "path"),
    [
        ("3.4.5", "huggingface", KIT, "/m/kit"),
        ("3.4.5", "", KIT, "/m/kit"),
        ("3.4.5", "huggingface", SNAPSHOT, None),
        ("3.4.5", "huggingface", '{"models-dir": {"pipeline": " "}}', None),
        ("3.4.5", "huggingface", None, None),
        ("3.4.5", "Local", SNAPSHOT, "/hub/models--a--b/snapshots/1111"),
        ("2.6.2", "huggingface", KIT, None),
        ("not a version", "huggingface", KIT, None),
    ],
)
def test_mineru_3_reads_its_settings_folder_in_every_mode(
    version: str, source: str, written: str | None, path: str | None
) -> None:
    where = around({"MINERU_MODEL_SOURCE": source}, packages={"mineru": version})
    found = reading("mineru", "mineru", "", where, lambda _: written)
    assert (found.layout, found.path) == (("whole", PurePosixPath(path)) if path else ("huggingface", None))


@pytest.mark.parametrize(
    ("engine", "dotenv"),
    [
        ("funasr", {}),
        ("watermark", {}),
        ("watermark", {"TIANSHU_MODEL_CACHE_DIR": "models"}),
        ("paddlex", {"PADDLE_PDX_CACHE_HOME": "cache"}),
        ("simple-lama", {"LAMA_MODEL": "lama.pt"}),
    ],
)
def test_without_the_platform_what_is_in_it_is_not_known(engine: str, dotenv: dict[str, str]) -> None:
    with pytest.raises(PlaceUnknown):
        place(engine, around({}, dotenv, platform=None))


# Packages


def test_what_is_installed_counts_else_what_the_platform_asks_for(tmp_path: Path) -> None:
    assert (packages(None, {}).versions, packages(None, {}).assumed) == (ASSUMED, True)
    assert packages(tmp_path, {}).versions == ASSUMED
    made = tmp_path / "backend" / ".venv" / "Lib" / "site-packages" / "mineru-2.7.6.dist-info"
    made.mkdir(parents=True)
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: MinerU\nVersion: 2.7.6\n")
    found = packages(tmp_path, {})
    assert (found.versions, found.assumed) == ({"mineru": "2.7.6"}, False)
    assert packages(tmp_path, {"MinerU": "3.4.5", "paddleocr": "3.3.0"}).versions == {
        "mineru": "3.4.5",
        "paddleocr": "3.3.0",
    }


@pytest.mark.parametrize(
    "metadata",
    [
        b"Name: paddleocr\nVersion: 3.3.0\nAuthor: \xff\xe9\n",
        b"Name: paddleocr\n",
        b"Name: paddleocr\nVersion: \n",
        b"Version: 3.3.0\n",
        b"",
        None,
    ],
    ids=["no UTF-8", "no version", "an empty version", "no name", "empty", "no file"],
)
def test_a_package_whose_metadata_is_unusable_hides_no_other(tmp_path: Path, metadata: bytes | None) -> None:
    installed = tmp_path / "backend" / ".venv" / "Lib" / "site-packages"
    for folder, content in (("mineru-2.7.6", b"Name: mineru\nVersion: 2.7.6\n"), ("paddleocr-3.3.0", metadata)):
        made = installed / f"{folder}.dist-info"
        made.mkdir(parents=True)
        if content is not None:
            (made / "METADATA").write_bytes(content)
    assert packages(tmp_path, {}).versions == {"mineru": "2.7.6"}


@pytest.mark.parametrize("name", ["nul \0", "half \ud800", "x" * 300])
def test_nothing_is_installed_where_no_folder_can_be(name: str) -> None:
    assert packages(Path("/") / name, {}).assumed
