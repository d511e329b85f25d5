"""Lets huggingface_hub, which brings its own HTTP client, use this one.

Its `set_client_factory` takes any httpx2 client; one with this transport sends each request through
`Client.fetch`, so that listings get the same proxies, certificates, deadlines and caps as the bytes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.http.budget import Budget
from model_preload.core.http.client import Answer, Client
from model_preload.core.http.policy import Token


@dataclass(frozen=True, slots=True)
class _Call:
    client: Client
    budget: Budget
    token: Token | None
    control: Control


_here = threading.local()


@contextmanager
def call(client: Client, host: str, token: Token | None, control: Control) -> Iterator[None]:
    """Everything that the calling thread asks an `httpx2_client` for inside belongs to this one call.

    Raises AnswerInvalid naming `host` where an answer led the library to an address that is none.
    """
    _here.call = _Call(client, Budget(client.patience.listing), token, control)
    try:
        yield
    except (httpx2.InvalidURL, httpx2.RequestError) as error:
        raise errors.AnswerInvalid(host, f"it leads nowhere ({error!s:.80})") from error
    finally:
        _here.call = None


def httpx2_client() -> httpx2.Client:
    """A client for `set_client_factory`; it works inside `call` only."""
    return httpx2.Client(transport=_Transport(), trust_env=False)


class _Transport(httpx2.BaseTransport):
    """Raises circumstances instead of httpx2's errors: huggingface_hub lets them through and retries nothing.

    Its own pauses can't be cancelled and follow `Retry-After` without a cap, so the retries are made here.
    """

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        here: _Call = _here.call
        kept = {name: value for name, value in request.headers.items() if name in ("accept", "content-type")}
        body = request.read() or None

        def ask() -> Answer:
            return here.client.fetch(
                str(request.url),
                here.budget,
                control=here.control,
                token=here.token,
                method=request.method,
                headers=kept,
                body=body,
            )

        answer = here.client.patience.insist(ask, here.control)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body, request=request)
