"""Addresses as they are shown: no form of a login is in them, and the host is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_preload.core.addresses import shown

SECRET = "Geheim7"
anything = st.text(max_size=12)
signs = st.text(st.sampled_from("/:@#?%&= \\[]'\"ab1"), max_size=8)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy.example:3128", "proxy.example:3128"),
        ("http://ann:pw@proxy.example:3128/", "http://…@proxy.example:3128/"),
        ("ann:pw@proxy.example:3128", "…@proxy.example:3128"),
        ("http://pw@proxy.example", "http://…@proxy.example"),
        ("pw@proxy.example", "…@proxy.example"),
        ("http://ann:a@pw@proxy.example", "http://…@proxy.example"),
        ("http://ann:a/pw@[::1]:3128", "http://…@[::1]:3128"),
        ("http://ann:a://pw@proxy", "http://…@proxy"),
        ("ann:a://pw@proxy", "…@proxy"),
        ("http:ann:pw@proxy", "…@proxy"),
        ("http://ann:pw@proxy:99999", "http://…@proxy:99999"),
        ("http://ann:pw", "http://…"),
        ("http://ann:12/pw@proxy:3128", "http://…"),  # as well a host, a port and a path
        ("http://ann:a@b/pw@proxy", "http://…"),
        ("https://hub.example/a?sig=1:pw@pw", "https://…"),
        ("https://hub.example/a?sig=pw#pw", "https://hub.example/a"),
        ("https://hub.example/pkg@1.0/a.bin", "https://hub.example/pkg@1.0/a.bin"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("localhost, http://ann:pw@10.0.0.1,.example", "…@10.0.0.1,.example"),
        ("owner/name@main", "owner/name@main"),
        ("is this a text?", "is this a text?"),
        ("", ""),
    ],
)
def test_what_is_shown(address: str, expected: str) -> None:
    assert shown(address) == expected
    assert "pw" not in shown(address)


@given(
    scheme=st.sampled_from(["", "http://", "https://", "socks5h://", "HTTP://", "ftp://"]),
    user=anything | signs,
    before=anything | signs,
    after=anything | signs,
    host=st.sampled_from(["proxy.example", "proxy", "10.0.0.1", "[::1]", "münchen.example"]),
    port=st.sampled_from(["", ":8080"]),
    path=st.sampled_from(["", "/", "/api/mirror"]),
)
@example(scheme="", user="ann", before="//", after="", host="proxy", port=":8080", path="")
@example(scheme="http://", user="ann", before="1@b/", after="@", host="proxy", port="", path="")
def test_no_password_is_shown_and_the_host_is(
    scheme: str, user: str, before: str, after: str, host: str, port: str, path: str
) -> None:
    login = f"{user}:{before}{SECRET}{after}"
    told = shown(f"{scheme}{login}@{host}{port}{path}")
    assert SECRET not in told
    if not set("/?#") & set(login):
        assert told == f"{scheme}…@{host}{port}{path}"
    else:
        assert told.endswith(("…", f"…@{host}{port}{path}"))
