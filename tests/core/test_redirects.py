"""Where a redirect may lead, and where none may."""

import pytest

from model_preload.core import errors
from model_preload.core.http.policy import redirect_target

HUB, LOCAL = "https://hub.example/a/b", "http://127.0.0.1:8000/a/b"


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        (HUB, "/c", "https://hub.example/c"),
        (HUB, "c?d=e", "https://hub.example/a/c?d=e"),
        (HUB, "//cdn.example/c", "https://cdn.example/c"),
        (HUB, "https://8.8.8.8/c", "https://8.8.8.8/c"),
        (HUB, "https://10.0.0.5/c", "https://10.0.0.5/c"),  # a company's mirror sends to its own store
        ("http://10.0.0.5/a", "http://192.168.1.9/c", "http://192.168.1.9/c"),
        (LOCAL, "http://127.0.0.1:9000/c", "http://127.0.0.1:9000/c"),
        ("http://localhost:8000/", "http://[::1]:9000/c", "http://[::1]:9000/c"),
    ],
)
def test_fine(url: str, location: str, target: str) -> None:
    assert redirect_target(url, location) == target


@pytest.mark.parametrize("url", [HUB, LOCAL, "http://hub.example/"])
@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://hub.example/c",
        "javascript:alert(1)",
        "https://[",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://0/",
        "https://[::]/",
        "https://224.0.0.1/",
        "https://2852039166/",  # 169.254.169.254
        "https://[::ffff:169.254.169.254]/",
    ],
)
def test_nowhere(url: str, location: str) -> None:
    with pytest.raises(errors.RedirectRefused):
        redirect_target(url, location)


@pytest.mark.parametrize(
    "place", ["http://ann:pw@cdn.example/a?sig=pw", "https://ann:pw@127.0.0.1/", "https://pw@0/", "ftp://ann:p/pw@cdn/"]
)
def test_a_refusal_tells_no_login(place: str) -> None:
    with pytest.raises(errors.RedirectRefused) as told:
        redirect_target(HUB, place)
    assert "pw" not in str(told.value)


@pytest.mark.parametrize("url", [HUB, "https://10.0.0.5/a"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"]
)
def test_another_machine_does_not_send_to_this_one(url: str, host: str) -> None:
    with pytest.raises(errors.RedirectRefused):
        redirect_target(url, f"https://{host}:8080/")
