"""What trusts and operators ask over JSON and CSV."""

from referral.api import counts, pathways, submissions, waiting_list

ROUTERS = (waiting_list.router, pathways.router, submissions.router, counts.router)

__all__ = ["ROUTERS"]
