"""Signatures: the command in MODEL_PRELOAD_SIGN signs one program; without it nothing is signed, and that is said.

The program's path takes the place of `{file}`, or comes last. A tool that writes the signed program to another file, as
osslsigncode does, gets its path for `{signed}`; that file then takes the program's place.

    signtool sign /sha1 THUMBPRINT /fd sha256 /td sha256 /tr http://timestamp.example
    osslsigncode sign -pkcs12 key.p12 -in {file} -out {signed}

As a program of its own it signs the file that is named: so NSIS has uninstall.exe signed while it makes Setup.exe.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

_WINDOWS = sys.platform == "win32"


def command() -> str:
    """The command as it is set; empty without one."""
    return os.environ.get("MODEL_PRELOAD_SIGN", "")


def sign(path: Path) -> None:
    """Sign a program. Raises subprocess.CalledProcessError: the tool failed, and has said why."""
    template = command()
    if not template:
        print(f"{path.name} is not signed: MODEL_PRELOAD_SIGN is not set")
        return
    signed = path.with_name(f"{path.name}.signed")
    words = [
        word.strip('"' if _WINDOWS else "").replace("{file}", str(path)).replace("{signed}", str(signed))
        for word in shlex.split(template, posix=not _WINDOWS)
    ]
    subprocess.run(words if "{file}" in template else [*words, str(path)], check=True)
    if "{signed}" in template:
        signed.replace(path)


def nsis_command() -> str:
    """What NSIS runs with a file's path behind it; with `call`, since cmd.exe drops a quote that comes first."""
    words = f'"{sys.executable}" "{Path(__file__).resolve()}"'
    return f"call {words}" if _WINDOWS else words


if __name__ == "__main__":
    sign(Path(sys.argv[1]))
