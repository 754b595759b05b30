"""Who may treat whom: the sites, what they see, and since when they may."""

from matching.directory.directory import Directory, Entry, ServiceAt
from matching.directory.facts import Fact, ServiceRule, Standing

__all__ = ["Directory", "Entry", "Fact", "ServiceAt", "ServiceRule", "Standing"]
