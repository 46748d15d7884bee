import socket

import pytest

from common.serving import PortBusy, bind


def test_answers_are_not_held_back_to_fill_a_packet() -> None:
    """Asyncio sets TCP_NODELAY on what is accepted from a socket that names its protocol."""
    with bind("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_a_port_that_another_program_has_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(PortBusy, match="PORT="):
            bind("127.0.0.1", taken.getsockname()[1])
