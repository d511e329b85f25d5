"""Reads one job from standard input, runs its probe, and writes one answer to standard output.

The network is closed by replacing the functions of `socket`: that keeps an engine from asking by mistake; it is no
sandbox against code that wants out. What the engine prints goes to standard error.
"""

import json
import os
import socket
import sys
from importlib import metadata


def _refuse(*_arguments, **_options):
    raise OSError("the network is closed during a proof")


def _answer(job):
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _refuse)
    socket.getaddrinfo = socket.create_connection = _refuse
    probe = {}
    exec(compile(job["probe"], "<probe>", "exec"), probe)
    found = {}
    for name in job["names"]:
        try:
            found[name] = {"path": os.path.abspath(probe["resolve"](name))}
        except BaseException as error:
            found[name] = {"error": (type(error).__name__ + ": " + str(error))[:500]}
    return {"version": metadata.version(job["distribution"]), "found": found}


def _main():
    output = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    answer = _answer(json.loads(sys.stdin.buffer.read().decode("utf-8")))
    json.dump(answer, output)
    output.close()
    os._exit(0)  # threads that an engine left behind are not waited for


_main()
