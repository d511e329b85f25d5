"""Fixtures of these tests."""

from helpers.wheels import modelscope_client, wheels

__all__ = ["modelscope_client", "wheels"]
