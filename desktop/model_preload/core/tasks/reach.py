"""Whether a hub answers at an address, before that address becomes a setting."""

from model_preload.core.events import Control
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.tasks.doctor.visits import Host, portal, reached, visit
from model_preload.core.tasks.released import released
from model_preload.core.tasks.services import Services

_ASKED = {
    "huggingface": "/api/models/hf-internal-testing/tiny-random-gpt2",
    "modelscope": "/api/v1/models/iic/speech_fsmn_vad_zh-cn-16k-common-pytorch",
}
"""A repository of a few kilobytes that anybody may read; a hub that does not have it says so in its own way."""


def reach(services: Services, hub: str, endpoint: str, control: Control) -> Finding:
    """Ask it one public thing, without a token, through the network's settings that hold now.

    Args:
        hub: whose way of speaking is expected: `huggingface` or `modelscope`.
        endpoint: the address, as `core.settings.check` takes it.

    Raises:
        Cancelled: within half a second.
    """
    host = Host(endpoint.rstrip("/") + _ASKED[hub], api=True)
    seen = released(lambda: visit(services.client, host, control), control)
    other = portal(seen)
    return other if other.level is Level.PROBLEM else reached(seen)
