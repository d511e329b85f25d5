"""The catalog: which models there are, where their bytes come from, where they belong, what they need.

    model.py     the values
    requirement.py  what `when` says
    sources.py   where bytes come from, and which files of a listing count
    reading.py   from a file to a `Catalog`, or to everything that is wrong with the file
    schema.py    the form of the file (pydantic, imported only when a file is read)
    rules.py     the form of single values
    findings.py  what is wrong, in words

The file's format is described in docs/catalog.md.
"""

from model_preload.core.catalog.model import CACHES, ENGINES, Catalog, Model, Place, Wording
from model_preload.core.catalog.reading import builtin, load, parse
from model_preload.core.catalog.requirement import Requirement
from model_preload.core.catalog.sources import (
    HuggingFaceSource,
    ModelScopeSource,
    NameClash,
    RepositorySource,
    Source,
    UrlSource,
)

__all__ = [
    "CACHES",
    "ENGINES",
    "Catalog",
    "HuggingFaceSource",
    "Model",
    "ModelScopeSource",
    "NameClash",
    "Place",
    "RepositorySource",
    "Requirement",
    "Source",
    "UrlSource",
    "Wording",
    "builtin",
    "load",
    "parse",
]
