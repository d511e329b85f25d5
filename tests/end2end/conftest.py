"""Fixtures of these tests."""

from helpers.wheels import wheels

__all__ = ["wheels"]
