"""What trusts and operators ask over JSON and CSV."""

from referral.api import pathways, submissions, waiting_list

ROUTERS = (waiting_list.router, pathways.router, submissions.router)

__all__ = ["ROUTERS"]
