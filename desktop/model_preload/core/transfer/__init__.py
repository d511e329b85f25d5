"""The bytes: the one room where they move. Ranges into parts, digests, publishing, resuming."""

from model_preload.core.transfer.blocks import salvage
from model_preload.core.transfer.file import Job
from model_preload.core.transfer.transfer import Transfer

__all__ = ["Job", "Transfer", "salvage"]
