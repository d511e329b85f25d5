"""Time in tests."""

SOON = 5.0
"""Seconds. At once, on a machine that stands still for a second now and then; what is not at once takes ten and more.

How fast it is, on a machine of its own, is for the benchmarks to say.
"""
