"""What goes wrong when an engine's own code is asked."""

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import text


class ProofFailed(Circumstance):
    code = "proof-failed"

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(
            text(
                "The platform's {engine} could not be asked: {reason}.", engine=engine, reason=reason.rstrip(".")[:300]
            ),
            text("Check that the platform starts with it; its environment is in backend/.venv."),
        )
