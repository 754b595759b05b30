"""What every edge raises of a body that it can make no submission of."""

from chassis.faults import Fault


class Refused(Exception):
    """The body cannot become a submission; the faults say why and where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults
