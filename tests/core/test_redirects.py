"""Where a redirect may lead, and where none may."""

from urllib.parse import urljoin

import pytest
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from model_preload.core import errors
from model_preload.core.catalog import rules as catalog_rules
from model_preload.core.http.policy import Token, dialed, origin_of, redirect_target
from model_preload.core.settings import rules as settings_rules

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
        "https://169.254.169%2E254/",
        "http://evil.example\\@hub.example/c",
        "http://127.0.0.1:9000\\@127.0.0.1:8000/c",
        "/c\\d",
        "/c d",
        "/c\td",
        "/c\x00d",
        "/c\xa0d",
        "https://evil.example\n@hub.example/",
        "https://hub.example:99999/",
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
    "host",
    [
        *("127.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST.", "127.1", "0x7f000001", "2130706433"),
        *("[::1]", "[::ffff:127.0.0.1]", "%31%32%37.0.0.1"),
    ],
)
def test_another_machine_does_not_send_to_this_one(url: str, host: str) -> None:
    with pytest.raises(errors.RedirectRefused):
        redirect_target(url, f"https://{host}:8080/")


# One reading of an address: the one of who dials

written = st.text(st.sampled_from("ab1.:/@#?%&\\[] \t\n\x00éⓛ２") | st.characters(), max_size=16)
places = st.sampled_from(["hub.example", "evil.example", "127.0.0.1:8000", "[::1]:9", "%31", "", "a%zz", "[v1.a]"])
addresses = st.tuples(st.sampled_from(["http://", "HTTPS://", "//", "/", "", "http:"]), written, places, written).map(
    "".join
)


def really_dialed(url: str) -> tuple[str, str, int]:
    """What urllib3 connects to when it is asked for an address."""
    with urllib3.PoolManager() as manager:
        read = parse_url(url)
        pool = manager.connection_from_host(read.host, port=read.port, scheme=read.scheme or "http")
        return pool.scheme, str(pool.host), pool.port or 0


@given(addresses)
@example("http://evil.example\\@hub.example/")
@example("http://%31%32%37.0.0.1/")
@example("http://hub.example:0/")
def test_what_is_judged_is_what_is_dialed(url: str) -> None:
    try:
        read = dialed(url)
    except ValueError:
        with pytest.raises(ValueError, match="is no http or https address"):
            origin_of(url)
        assert not settings_rules.is_address(url)  # what a user or a catalog may name can be asked
        assert not catalog_rules.is_url(url)
        return
    assert read == really_dialed(url)


@given(st.sampled_from([HUB, LOCAL]), addresses)
@example(LOCAL, "http://127.0.0.1:9000\\@127.0.0.1:8000/")
def test_no_redirect_takes_a_token_elsewhere(url: str, location: str) -> None:
    try:
        target = redirect_target(url, location)
    except errors.RedirectRefused:
        return
    assert target == urljoin(url, location)
    own = really_dialed(target) == really_dialed(url)
    assert bool(Token("secret", origin_of(url)).headers_for(target)) is own
