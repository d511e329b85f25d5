"""Signing, with a certificate of the test's own."""

import shutil
import subprocess
from pathlib import Path

import pytest
from installer import sign, wine

pytestmark = pytest.mark.skipif(shutil.which("osslsigncode") is None, reason="osslsigncode is not installed")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "with spaces" / "program.exe"
    made.parent.mkdir()
    wine.compile_windows("PYTHON", made, "-municode")
    return made


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Tests of Model Preload"]
    words += ["-addext", "extendedKeyUsage=codeSigning", "-keyout", str(key), "-out", str(made)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return key, made


def test_a_program_is_signed_and_takes_its_own_place(
    program: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, chain = certificate
    template = f"osslsigncode sign -certs '{chain}' -key '{key}' -in {{file}} -out {{signed}}"
    monkeypatch.setenv("MODEL_PRELOAD_SIGN", template)
    before = program.read_bytes()
    subprocess.run(f'{sign.nsis_command()} "{program}"', shell=True, check=True, timeout=60)  # as NSIS does
    assert program.read_bytes() != before
    assert [path.name for path in program.parent.iterdir()] == ["program.exe"]
    words = ["osslsigncode", "verify", "-CAfile", str(chain), "-in", str(program)]
    told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stdout
    assert "Tests of Model Preload" in told.stdout


def test_a_tool_that_fails_ends_the_build(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_PRELOAD_SIGN", "false {file} {signed}")
    with pytest.raises(subprocess.CalledProcessError):
        sign.sign(program)


def test_without_a_command_it_says_so(
    program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MODEL_PRELOAD_SIGN", raising=False)
    sign.sign(program)
    assert "is not signed" in capsys.readouterr().out
