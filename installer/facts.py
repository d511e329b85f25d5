"""Asked of the Python that builds, by its own `python.exe`: what it is, and what libraries it was linked with. JSON."""

import decimal
import importlib
import json
import platform
import pyexpat
import sqlite3
import ssl
import zlib

from packaging.markers import default_environment


def zstd_version() -> str:
    """Since Python 3.14; empty before."""
    try:
        return str(importlib.import_module("compression.zstd").zstd_version)
    except ImportError:
        return ""


versions = {
    "python": platform.python_version(),
    "openssl": ssl.OPENSSL_VERSION.split()[1],
    "sqlite": sqlite3.sqlite_version,
    "expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
    "zlib": getattr(zlib, "ZLIBNG_VERSION", zlib.ZLIB_RUNTIME_VERSION),
    "libmpdec": getattr(decimal, "__libmpdec_version__", ""),
    "zstd": zstd_version(),
}
print(json.dumps({"markers": default_environment(), "versions": versions}))
