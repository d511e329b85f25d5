"""What the command line writes, and where: one document, no secrets, any code page, a live table on a terminal."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.hub import make_repository
from helpers.program import Program, finish, program
from helpers.workbench import model, repository
from model_preload.demo.hub import Hub

FILES = {"weights.safetensors": bytes(range(256)) * 40_000, "配置.json": b"{}\n"}
TOKEN = "hf_SecretOfATestThatMustNotShow"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Program]:
    entry = model("reader", repository("owner/model")).replace('name = "reader"', 'name = "表格识别 – “β”"')
    with Hub(make_repository(FILES)) as hub:
        yield program(tmp_path, hub, entry)


def test_progress_goes_to_standard_error_and_results_to_standard_output(ours: Program) -> None:
    done = ours.run("preload")
    assert (done.code, "Traceback" in done.err) == (0, False)
    assert "表格识别 – “β”: Ready, 10.2 MB fetched" in done.err
    assert "fetched" not in done.out
    assert "1 of 1 model is ready." in done.out
    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("name", ["preload", "status", "plan", "catalog"])
def test_quiet_says_nothing_on_success(ours: Program, name: str) -> None:
    assert ours.run("preload", "--quiet").code == 0
    done = ours.run(name, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_quiet_still_says_what_failed(ours: Program) -> None:
    done = ours.run("preload", "nothing", "--quiet")
    assert (done.code, done.out) == (2, "")
    assert "“nothing”" in done.err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_any_code_page_will_do(ours: Program, encoding: str) -> None:
    limited = ours.with_environ(PYTHONIOENCODING=f"{encoding}:strict")
    for words in (["preload"], ["preload", "无此模型"], ["catalog"]):
        done = limited.run(*words, "--lang", "zh", encoding=encoding)
        assert done.code == (2 if "无此模型" in words else 0), done.err
        assert "Traceback" not in done.err
        assert (encoding == "gbk") == ("表格识别 – “β”" in done.out or "没有模型“无此模型”" in done.err)
    document = limited.run("status", "--json", encoding="ascii").document
    assert document["models"]["reader"]["name"] == "表格识别 – “β”"


def test_without_any_streams_it_works_all_the_same(ours: Program) -> None:
    script = "import sys; sys.stdout = sys.stderr = None; from model_preload.cli import main; sys.exit(main())"
    words = ours.command("preload")[4:]
    for called, code in ((words, 0), (["status", "nothing", *words[1:]], 2), (["status", "--json", *words[1:]], 0)):
        command = [sys.executable, "-P", "-c", script, *called]
        done = subprocess.run(command, env=ours.environment, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shell that closes a descriptor")
def test_with_closed_descriptors_it_works_all_the_same(ours: Program) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *ours.command("preload")], env=ours.environment, check=False
    )
    assert done.returncode == 0
    assert ours.run("status").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells a closed pipe in other ways")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_reader_that_has_enough_causes_no_noise(ours: Program, options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = ours.start("catalog", *options, stdout=writing)
    os.close(writing)
    done = finish(process)
    assert (done.code, done.err) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells a closed pipe in other ways")
def test_preload_goes_on_when_nobody_reads_its_progress(ours: Program) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = ours.start("preload", "--json", stderr=writing)
    os.close(writing)
    assert finish(process).document["success"]
    assert process.returncode == 0


# Secrets


def test_token_is_used_but_never_written(tmp_path: Path) -> None:
    listing = {**FILES, "more/config.json": b"{}"}
    with Hub(make_repository(listing, private=True, readers=[TOKEN])) as hub:
        ours = program(tmp_path, hub, model("reader", repository("owner/model")), HF_TOKEN=TOKEN)
        process = ours.start("preload", "--log-level", "debug", "--json")
        assert TOKEN not in str(process.args)
        done = finish(process)
        assert (done.code, done.document["success"]) == (0, True), done.err
        assert any(TOKEN in request.authorization for request in hub.requests if request.origin == "api")
        assert not any(request.authorization for request in hub.requests if request.origin == "cdn")
        refused = ours.with_environ(HF_TOKEN=f"{TOKEN}2").run("preload", "--force", "--log-level", "debug")
        assert refused.code == 0 or "token" in refused.err
        other = program(tmp_path / "other", hub, ours.catalog, HF_TOKEN=f"{TOKEN}2").run("preload", "--json")
        assert (other.code, other.document["run"]["errors"][0]["code"]) == (1, "token-refused")
    assert "DEBUG" in done.err or "INFO" in done.err
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"journal.sqlite3", "model-preload.log"} <= {path.name for path in written}
    shown = [done.out, done.err, refused.out, refused.err, other.out, other.err]
    assert [text for text in shown if TOKEN in text] == []
    assert [path for path, content in written.items() if TOKEN.encode() in content] == []
    assert [path for path, content in written.items() if b"Signature=" in content] == []


@pytest.mark.parametrize("token", ["令牌", "hf_a\nb", "hf_\x7f"])
def test_token_that_no_header_can_carry_is_told_without_showing_it(ours: Program, token: str) -> None:
    done = ours.with_environ(HF_TOKEN=token).run("preload", "--json")
    assert "Traceback" not in done.err, done.err
    assert token not in done.out + done.err
    (error,) = done.document["run"]["errors"]
    assert (done.code, error["code"], "HF_TOKEN" in error["message"]) == (1, "settings", True)


# A terminal


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python's library")
def test_terminal_gets_a_live_table(tmp_path: Path) -> None:
    with Hub(make_repository(FILES), rate=4_000_000) as hub:
        ours = program(tmp_path, hub, model("reader", repository("owner/model")), TERM="xterm-256color")
        seen, out = on_a_terminal(ours, "preload")
    assert "\x1b[?25l" in seen  # the cursor is hidden while the table is drawn
    assert "\x1b[?25h" in seen  # and comes back
    assert "\x1b[1A" in seen  # a line up, to draw again in place
    assert "weights.saf" in seen  # shortened where the figures need more room
    assert re.search(r"fetching \d+ %, [\d.]+ MB of 10\.2 MB", seen)
    assert "reader: Ready, 10.2 MB fetched\r\n" in plain(seen)
    assert re.search(r"\r10\.2 MB fetched in \d s\.\r\n$", plain(seen))
    assert "1 of 1 model is ready." in out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python's library")
def test_terminal_that_can_move_no_cursor_gets_lines(ours: Program) -> None:
    seen, _ = on_a_terminal(ours.with_environ(TERM="dumb"), "preload")
    assert "\x1b" not in seen
    assert "表格识别 – “β”: Ready, 10.2 MB fetched" in seen


def on_a_terminal(ours: Program, *words: str) -> tuple[str, str]:
    """Run with standard error on a terminal of 100 columns; returns what it showed, and standard output."""
    import fcntl
    import pty
    import struct
    import termios

    terminal, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = ours.start(*words, stderr=screen)
    os.close(screen)
    shown = bytearray()

    def read() -> None:
        try:
            while piece := os.read(terminal, 65536):
                shown.extend(piece)
        except OSError:
            pass  # Linux tells the end so

    reader = threading.Thread(target=read)
    reader.start()
    done = finish(process)
    reader.join()
    os.close(terminal)
    assert done.code == 0, shown
    return shown.decode(), done.out


def plain(seen: str) -> str:
    """Without control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
