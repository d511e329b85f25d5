"""Settings: environment over file over default, and a wrong one is named with what was expected."""

import sys
from pathlib import Path

import pytest

from model_preload.core.errors import SettingsProblem
from model_preload.core.settings import FILE, Settings, load

ROOT = Path("/opt/平台").absolute()
MIRROR = "https://hf-mirror.com"


def written(home: Path, content: str) -> Path:
    (home / FILE).write_text(content, encoding="utf-8")
    return home


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "not" / "made", {}) == Settings()
    assert Settings() == Settings("", "https://huggingface.co", "https://modelscope.cn", None, 32, 0, 500_000_000)


def test_every_setting_is_read(tmp_path: Path) -> None:
    content = f"""
        language = "zh_CN"
        endpoint = "{MIRROR}"
        modelscope_endpoint = "https://www.modelscope.ai"
        platform = '{ROOT}'
        connections = 4
        limit = 2_000_000
        reserve = 0
        packages = {{ mineru = "3.4.5" }}
    """
    known = Settings("zh_CN", MIRROR, "https://www.modelscope.ai", ROOT, 4, 2_000_000, 0, {"mineru": "3.4.5"})
    assert load(written(tmp_path, content), {}) == known


def test_the_byte_order_mark_of_windows_editors_is_no_content(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xef\xbb\xbfconnections = 2\r\n")
    assert load(tmp_path, {}).connections == 2


def test_the_environment_comes_first(tmp_path: Path) -> None:
    home = written(tmp_path, 'endpoint = "https://from.file"\nconnections = 3\n')
    found = load(home, {"HF_ENDPOINT": MIRROR, "MODEL_PRELOAD_PLATFORM": str(ROOT), "HF_HOME": "/other"})
    assert (found.endpoint, found.platform, found.connections) == (MIRROR, ROOT, 3)
    empty = load(home, {"HF_ENDPOINT": "", "MODEL_PRELOAD_PLATFORM": ""})
    assert (empty.endpoint, empty.platform) == ("https://from.file", None)


@pytest.mark.parametrize(
    ("written_", "endpoint"),
    [
        ("", "https://modelscope.cn"),
        ("https://www.modelscope.cn", "https://www.modelscope.cn"),
        ("modelscope.ai", "https://modelscope.ai"),  # as its own client takes it
        ("http://10.0.0.5:8080/ms", "http://10.0.0.5:8080/ms"),
    ],
)
def test_modelscope_has_its_own_address(tmp_path: Path, written_: str, endpoint: str) -> None:
    assert load(tmp_path, {"MODELSCOPE_ENDPOINT": written_}).modelscope_endpoint == endpoint


@pytest.mark.parametrize(
    "line",
    [
        *(
            'endpoint = "http://127.0.0.1:8080"',
            'endpoint = "http://[::1]:80/"',
            'endpoint = "https://host/api/mirror"',
        ),
        *("connections = 1", "connections = 64", "limit = 0", "reserve = 0", 'language = ""'),
    ],
)
def test_a_good_value_is_taken(tmp_path: Path, line: str) -> None:
    name, _, _ = line.partition(" ")
    found = getattr(load(written(tmp_path, line), {}), name)
    assert repr(found).replace("'", '"') == line.partition(" = ")[2]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(
            (f"connections = {value}", "a whole number from 1 to 64")
            for value in ("0", "65", "-1", "4.0", '"8"', "true")
        ),
        *((f"limit = {value}", "bytes a second") for value in ("-1", '"2M"', "1.5", "false", "[]")),
        *((f"reserve = {value}", "bytes, 0 or more") for value in ("-1", "inf", "2026-01-01")),
        *((f"platform = {value}", "the full path of a folder") for value in ('""', '"relative/path"', '"~/x"', "1")),
        *((f"language = {value}", "text such as") for value in ("1", "['zh']")),
        *((f"packages = {value}", "a table such as") for value in ("[]", "{ mineru = 3 }", "{ mineru = 'newest' }")),
        *(
            (f'endpoint = "{value}"', "an address such as")
            for value in (
                *("", "huggingface.co", "ftp://host", "https://", "file:///etc/passwd", "https://user:secret@host"),
                *("https://host:99999", "https://host:port", "https://[::1", "https://ho st", "https://host?x=1"),
                *("https://host#x", "https://ho\\nst", " https://host", "https:\\\\\\\\host"),
            )
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load(written(tmp_path, line), {})
    said = str(caught.value)
    assert caught.value.exit_code == 2
    assert all(word in said for word in (str(tmp_path / FILE), f"“{line.partition(' ')[0]}”", expected))


@pytest.mark.parametrize(
    ("name", "value"),
    [("HF_ENDPOINT", "hf-mirror.com"), ("MODELSCOPE_ENDPOINT", "ftp://host"), ("MODEL_PRELOAD_PLATFORM", "here")],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load(tmp_path, {name: value})
    assert name in str(caught.value)
    assert value in str(caught.value)


def test_an_unknown_setting_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="“conections” is no setting; there are connections, endpoint"):
        load(written(tmp_path, "conections = 4"), {})


@pytest.mark.parametrize("content", [b"connections = ", b"connections = 1\nconnections = 2", b"\xff\xfe\x00", b"[a"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SettingsProblem, match=FILE.replace(".", r"\.")):
        load(tmp_path, {})


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(SettingsProblem):
        load(tmp_path, {})


@pytest.mark.skipif(sys.platform != "win32", reason="drives")
@pytest.mark.parametrize("value", ["C:relative", "\\rooted"])
def test_a_path_without_its_drive_is_not_full(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsProblem):
        load(tmp_path, {"MODEL_PRELOAD_PLATFORM": value})


@pytest.mark.parametrize("address", ["https://user:secret@hub.example", "ftp://secret@hub.example", "//a:secret@b@c/d"])
def test_a_password_in_an_address_is_not_shown(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load(tmp_path, {"HF_ENDPOINT": address})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["bob:pw@hub", "http://bob:pa/pw@hub", "https://bob:pw@hub", "http://bob:a@pw@hub"])
def test_no_form_of_a_password_is_in_what_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem) as told:
        load(tmp_path, {"HF_ENDPOINT": address})
    assert "pw" not in str(told.value)
    assert "…@hub" in str(told.value)
