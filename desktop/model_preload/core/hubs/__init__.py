"""Where bytes come from. Each hub lists a source and says under which address each file is; none of them fetches."""

from model_preload.core.hubs.base import Hub, Location

__all__ = ["Hub", "Location"]
