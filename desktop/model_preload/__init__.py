"""Model Preload: every model a local AI platform needs, on the machine, whole, where its engine looks for it."""

__version__ = "0.1.0"
