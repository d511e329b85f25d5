"""Layouts on disk that other programs share. The one room that knows them; they don't know each other."""

from model_preload.core.caches.base import Cache

__all__ = ["Cache"]
