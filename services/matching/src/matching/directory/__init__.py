"""Who may treat whom: the sites, what they see, and since when they may."""

from matching.directory.directory import Directory, Entry, NextDays
from matching.directory.facts import Fact, ServiceRule, Standing

__all__ = ["Directory", "Entry", "Fact", "NextDays", "ServiceRule", "Standing"]
