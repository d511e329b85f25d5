"""The whole at a glance. Nothing heavy is imported here: the tray shows before the core is loaded."""

from dataclasses import dataclass
from enum import Enum


class Mood(Enum):
    """The whole in one word, for the tray icon."""

    UNKNOWN = "unknown"
    """Nothing was looked at yet."""
    IDLE = "idle"
    """Something needed is missing, and nobody asked for it yet."""
    WORKING = "working"
    PAUSED = "paused"
    DONE = "done"
    ATTENTION = "attention"
    """Something failed or is damaged."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole in numbers.

    Attributes:
        models, ready: how many there are, and how many of them are ready.
        required, required_ready: the same of those that the platform requires.
        asked, brought: of the models asked for since the lane woke, how many there are and how many are over.
        permille: of the bytes of those; None while they are not known.
        speed: bytes a second.
        seconds_left: None while nothing can be said.
        failed: keys.
        paused: how many models are.
    """

    mood: Mood
    models: int = 0
    ready: int = 0
    required: int = 0
    required_ready: int = 0
    asked: int = 0
    brought: int = 0
    permille: int | None = None
    speed: float = 0.0
    seconds_left: float | None = None
    failed: tuple[str, ...] = ()
    paused: int = 0
