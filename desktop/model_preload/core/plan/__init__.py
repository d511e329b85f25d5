"""What will be fetched, in which order, and whether it can be: values in, values out."""

from model_preload.core.plan.names import PathLimits
from model_preload.core.plan.plan import DriveNeed, Plan, Wanted, make_plan

__all__ = ["DriveNeed", "PathLimits", "Plan", "Wanted", "make_plan"]
