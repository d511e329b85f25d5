"""Settings: environment over file over default, and a wrong one is named with what was expected."""

import sys
from pathlib import Path
from typing import Any

import pytest

from model_preload.core.errors import DiskFull, SettingsProblem
from model_preload.core.files import Disk
from model_preload.core.settings import FILE, Settings, check, from_environment, load, save
from model_preload.core.tasks.services import proxies_of

pytestmark = pytest.mark.windows
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
        *((f"language = {value}", "zh_CN") for value in ("1", "['zh']")),
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


WINDOWS = """
    proxy = "socks5h://proxy.corp:1080"
    hubs = ["modelscope", "huggingface"]
    theme = "dark"
    notifications = false
    resume = false
    when_metered = "wait"
    when_on_battery = "go-on"
    first_run_done = true
"""


def test_what_the_windows_set_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, WINDOWS), {})
    assert (found.proxy, found.hubs, found.theme) == (
        "socks5h://proxy.corp:1080",
        ("modelscope", "huggingface"),
        "dark",
    )
    assert (found.notifications, found.resume, found.first_run_done) == (False, False, True)
    assert (found.when_metered, found.when_on_battery) == ("wait", "go-on")


_ORDERS: list[Any] = [[], ["url"], ("modelscope", "huggingface")]
_NO_ORDERS: list[Any] = ["url", ["hf"], ["url", "url"], [1], [["url"]], {}]
_NO_THEMES: list[Any] = ["", "black", 1, None, []]
VALUES: list[tuple[str, Any, str]] = [
    *(
        ("proxy", value, "")
        for value in ("", "none", "http://p:8080", "https://p", "socks5://p:1", "socks5h://[::1]:9/")
    ),
    *(("proxy", value, "“proxy” is") for value in ("p:8080", "ftp://p", "http://", "http://p/x", "http://p?x", 1)),
    *(("proxy", value, "HTTPS_PROXY") for value in ("http://u:pw@p:1", "u:pw@p", "socks5h://pw@p")),
    *(("hubs", value, "") for value in _ORDERS),
    *(("hubs", value, "a list of some of") for value in _NO_ORDERS),
    *(("theme", value, "") for value in ("system", "light", "dark")),
    *(("theme", value, "one of: system, light, dark") for value in _NO_THEMES),
    *((name, "ask", "") for name in ("when_metered", "when_on_battery")),
    *((name, "never", "one of: ask, go-on, wait") for name in ("when_metered", "when_on_battery")),
    *((name, value, "true or false") for name in ("notifications", "resume", "first_run_done") for value in (1, "yes")),
    ("platform", ROOT, ""),
    ("connections", 0, "a whole number from 1 to 64"),
    ("endpoint", "hf-mirror.com", "an address such as"),
]


@pytest.mark.parametrize(("name", "value", "reason"), VALUES)
def test_one_setting_is_checked_as_it_is_typed(name: str, value: Any, reason: str) -> None:
    said = check(name, value)
    assert "pw" not in str(said)
    assert (said is None) if not reason else reason in str(said)


def test_what_the_environment_sets_is_told_with_its_variable() -> None:
    assert from_environment({}) == {}
    assert from_environment({"HF_ENDPOINT": "", "HTTPS_PROXY": ""}) == {}
    environ = {"HF_ENDPOINT": MIRROR, "MODEL_PRELOAD_PLATFORM": "x", "http_proxy": "http://u:pw@p", "ALL_PROXY": "q"}
    assert from_environment(environ) == {
        "endpoint": "HF_ENDPOINT",
        "platform": "MODEL_PRELOAD_PLATFORM",
        "proxy": "http_proxy",
    }


def test_the_environments_proxy_goes_before_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = written(tmp_path, 'proxy = "http://file:1"')
    monkeypatch.setenv("NO_PROXY", "corp.example")
    found = proxies_of(load(home, {}))
    assert (found["all"], set(found["no"].split())) == ("http://file:1", {"corp.example"})
    assert proxies_of(Settings(proxy="none")) == {}
    monkeypatch.setenv("HTTPS_PROXY", "http://u:pw@environment:2")
    outer = load(home, {"HTTPS_PROXY": "http://u:pw@environment:2"})
    assert (outer.proxy, proxies_of(outer)["https"]) == ("", "http://u:pw@environment:2")


BEFORE = """# mine
connections = 4   # slow line

limit=0
platform = 'D:\\tianshu'
[packages]   # pinned
mineru = "2.6.2"
"""


def test_a_change_leaves_everything_else_as_it_was(tmp_path: Path) -> None:
    home = written(tmp_path, BEFORE.replace("'D:\\tianshu'", f"'{ROOT}'"))
    before = (home / FILE).read_text(encoding="utf-8")
    now = save(home, Disk(), {"connections": 8, "limit": 0, "theme": "dark", "hubs": ("modelscope",)}, {})
    assert now == load(home, {})
    assert (now.connections, now.theme, now.hubs) == (8, "dark", ("modelscope",))
    after = (home / FILE).read_text(encoding="utf-8")
    lines = [line for line in after.splitlines() if not line.startswith(("theme", "hubs"))]
    assert [line for line in lines if line] == [
        line for line in before.replace("connections = 4 ", "connections = 8 ").splitlines() if line
    ]
    assert save(home, Disk(), {"theme": None, "hubs": None, "connections": 4}, {}).theme == "system"
    assert [line for line in (home / FILE).read_text(encoding="utf-8").splitlines() if line] == [
        line for line in before.splitlines() if line
    ]


def test_line_ends_and_the_mark_of_windows_editors_stay(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xef\xbb\xbflimit = 1\r\n# end\r\n")
    save(tmp_path, Disk(), {"limit": 2}, {})
    assert (tmp_path / FILE).read_bytes() == b"\xef\xbb\xbflimit = 2\r\n# end\r\n"


def test_the_first_change_makes_the_file(tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert save(home, Disk(), {}, {}) == Settings()
    assert not home.exists()
    assert save(home, Disk(), {"platform": ROOT, "packages": {"mineru": "3.4"}}, {}).platform == ROOT
    assert load(home, {}).packages == {"mineru": "3.4"}


def test_what_the_environment_sets_is_only_written_if_asked(tmp_path: Path) -> None:
    environ = {"HF_ENDPOINT": MIRROR}
    changes = {"endpoint": "https://huggingface.co", "limit": 5}
    assert save(tmp_path, Disk(), changes, environ).endpoint == MIRROR
    assert (tmp_path / FILE).read_text(encoding="utf-8") == "limit = 5\n"
    assert save(tmp_path, Disk(), changes, environ, overridden=True).endpoint == MIRROR
    assert 'endpoint = "https://huggingface.co"' in (tmp_path / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["limit = ", "conections = 1", "limit = -1"])
def test_a_broken_file_is_not_changed(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsProblem, match="can't be used"):
        save(written(tmp_path, content), Disk(), {"theme": "dark"}, {})
    assert (tmp_path / FILE).read_text(encoding="utf-8") == content


def test_a_wrong_value_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="“theme” is"):
        save(tmp_path, Disk(), {"limit": 1, "theme": "black"}, {})
    assert not (tmp_path / FILE).exists()


def test_a_full_drive_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    class Full(Disk):
        def write_text(self, path: Path, content: str) -> None:
            raise DiskFull(path, 0)

    with pytest.raises(DiskFull):
        save(written(tmp_path, "limit = 1"), Full(), {"limit": 2}, {})
    assert (tmp_path / FILE).read_text(encoding="utf-8") == "limit = 1"
