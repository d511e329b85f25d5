"""What is here: each file against its listing, and the verdict that follows."""

from model_preload.core.readiness.check import check_files
from model_preload.core.readiness.survey import Survey, holds, proven, survey
from model_preload.core.readiness.verdict import Judgement, judge

__all__ = ["Judgement", "Survey", "check_files", "holds", "judge", "proven", "survey"]
