"""A hub's address is tried before it becomes a setting."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from helpers.clock import SOON
from helpers.hub import Requests
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core.events import Cancelled, Control
from model_preload.core.tasks.doctor.finding import Level
from model_preload.core.tasks.reach import reach
from model_preload.demo.hub import Hub

HUBS = ("huggingface", "modelscope")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Whose own hub is nowhere."""
    return workbench(tmp_path, "http://127.0.0.1:9", model("a", repository("demo/a")))


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where somebody takes calls and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("hub", HUBS)
@pytest.mark.parametrize("end", ["", "/"])
def test_a_hub_that_answers_is_told_with_its_time(hub: str, end: str, bench: Workbench) -> None:
    with Hub() as running, bench.opened() as services:
        found = reach(services, hub, running.endpoint + end, Control())
        (asked,) = Requests.of(running)
    assert found.level is Level.OK
    assert "answers as a model hub, in" in str(found.told)
    assert "authorization" not in {name.lower() for name in asked.headers}
    assert "//" not in asked.target


@pytest.mark.parametrize("hub", HUBS)
def test_nobody_there_is_told_with_the_next_step(hub: str, bench: Workbench) -> None:
    with bench.opened() as services:
        found = reach(services, hub, "http://127.0.0.1:9", Control())
    assert found.level is Level.PROBLEM
    assert "127.0.0.1:9" in str(found.told)
    assert found.next_step is not None


class _Page(BaseHTTPRequestHandler):
    """As the login page of a wireless network, whatever is asked."""

    def do_GET(self) -> None:
        body = b"<html>log in</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_in_the_hubs_place_is_told_as_such(bench: Workbench) -> None:
    with HTTPServer(("127.0.0.1", 0), _Page) as server, bench.opened() as services:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        found = reach(services, "huggingface", f"http://127.0.0.1:{server.server_port}", Control())
        answering.join()
    assert found.level is Level.PROBLEM
    assert "web page" in str(found.told)


def test_a_silent_one_is_let_go_of_at_once(bench: Workbench, silent: str) -> None:
    control = Control()
    with bench.opened() as services:
        timer = threading.Timer(0.2, control.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            reach(services, "huggingface", silent, control)
        assert time.monotonic() - began < SOON
