"""Ports: no two runs of one machine get the same."""

import socket

from fairwait.servers.child import HOST
from fairwait.system.ports import ports


def test_two_runs_at_once_have_no_port_in_common() -> None:
    with ports() as ours, ports() as theirs:
        assert len({*ours.values(), *theirs.values()}) == len(ours) + len(theirs)


def test_a_port_that_somebody_listens_on_is_left_alone() -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        with ports() as ours:
            assert taken not in ours.values()
