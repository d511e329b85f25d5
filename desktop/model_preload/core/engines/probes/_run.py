"""Reads one job from standard input, runs its probe, and writes one answer to standard output.

The network is closed by replacing the functions of `socket`: that keeps an engine from asking by mistake; it is no
sandbox against code that wants out. What the engine prints goes to standard error.
"""

import importlib.util
import json
import os
import pathlib
import socket
import sys
from importlib import metadata

_SENDING = ("connect", "connect_ex", "sendto", "sendmsg")
_ASKING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "create_connection")


def _refuse(*_arguments, **_options):
    raise OSError("the network is closed during a proof")


def _close_network():
    for owner, names in ((socket.socket, _SENDING), (socket, _ASKING)):
        for name in names:
            if hasattr(owner, name):  # Windows has no sendmsg
                setattr(owner, name, _refuse)


def _name_caches():
    """What the platform's workers do first, where the platform has it; the folders it makes are not made."""
    file = os.path.join("utils", "model_cache.py")
    if os.path.exists(file):
        spec = importlib.util.spec_from_file_location("_model_cache", os.path.abspath(file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        kept, pathlib.Path.mkdir = pathlib.Path.mkdir, lambda *_arguments, **_options: None
        module.configure_model_cache_env()
        pathlib.Path.mkdir = kept


def _answer(job):
    _close_network()
    _name_caches()
    probe = {}
    exec(compile(job["probe"], "<probe>", "exec"), probe)
    version = probe["version"]() if "version" in probe else metadata.version(job["distribution"])
    return {"version": version, "found": {name: _told(probe[job["function"]], name) for name in job["names"]}}


def _told(function, name):
    try:
        path = function(name)
        return {} if path is None else {"path": os.path.abspath(path)}
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package and package not in sys.modules and importlib.util.find_spec(package) is None:
            return {"missing": package}
        return {"error": str(error)[:500]}
    except BaseException as error:
        return {"error": (type(error).__name__ + ": " + str(error))[:500]}


def _main():
    output = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    answer = _answer(json.loads(sys.stdin.buffer.read().decode("utf-8")))
    json.dump(answer, output)
    output.close()
    os._exit(0)  # threads that an engine left behind are not waited for


_main()
