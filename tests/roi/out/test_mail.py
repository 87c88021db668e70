"""Messages that wait, bounded."""

from __future__ import annotations

import threading

import pytest

from rtskin.roi.out import mail as module
from rtskin.roi.out.mail import Mail, Nothing
from rtskin.roi.record import Sent
from tests.roi.made import message


def seqs(mail: Mail) -> list[int]:
    found = []
    while isinstance(one := mail.take(0), Sent):
        found.append(one.record["seq"])
    return found


def test_the_oldest_goes_and_is_counted() -> None:
    mail = Mail(2)
    for seq in range(5):
        mail.put(message(seq))
    assert seqs(mail) == [3, 4]
    assert (mail.dropped, mail.taken) == (3, 2)
    assert mail.take(0) is Nothing.YET


def test_what_waits_is_taken_before_the_end() -> None:
    mail = Mail(2)
    mail.put(message(1))
    mail.end()
    mail.put(message(2))  # too late
    assert seqs(mail) == [1]
    assert mail.take() is Nothing.END


def test_an_end_that_drops() -> None:
    mail = Mail(3)
    mail.put(message(1))
    mail.put(message(2))
    mail.end(drop=True)
    assert mail.take() is Nothing.END
    assert mail.dropped == 2


def test_the_bytes_that_wait_are_bounded_but_one_message_always_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = Mail(100)
    for most, left in ((250, [3, 4]), (1, [4])):
        monkeypatch.setattr(module, "MAX_BYTES", most)
        for seq in range(5):
            mail.put(Sent({"seq": seq}, b"", bytes(100)))
        assert seqs(mail) == left


def test_one_that_blocks_loses_nothing() -> None:
    mail = Mail(2, blocks=True)
    taken: list[int] = []

    def take() -> None:
        while isinstance(one := mail.take(), Sent):
            taken.append(one.record["seq"])

    taker = threading.Thread(target=take)
    taker.start()
    for seq in range(200):
        mail.put(message(seq))
    mail.end()
    taker.join(20)
    assert taken == list(range(200))
    assert mail.dropped == 0


@pytest.mark.parametrize("how", ["stopping", "end"])
def test_a_sender_that_waits_is_woken(how: str) -> None:
    stopping = threading.Event()
    mail = Mail(1, blocks=True, stopping=stopping)
    mail.put(message(0))
    sender = threading.Thread(target=mail.put, args=(message(1),))
    sender.start()
    sender.join(0.2)
    assert sender.is_alive()
    if how == "stopping":
        stopping.set()
    else:
        mail.end(drop=True)
    sender.join(20)
    assert not sender.is_alive()
    assert mail.dropped == (1 if how == "end" else 0)  # the one that waits; the sender's is nobody's any more
