"""The label of a track, by made looks."""

from __future__ import annotations

import pytest

from rtskin.roi.tracks.votes import FACE, FIRST, HAND, LATEST, RETURNS, Probabilities, Votes

LOOKS: dict[str, Probabilities] = {
    "face": (0.97, 0.02, 0.01),
    "hand": (0.02, 0.97, 0.01),
    "other": (0.01, 0.02, 0.97),
    "unsure": (0.5, 0.45, 0.05),
}


class Life:
    """A track that is looked at when it is due, at 30 frames a second."""

    def __init__(self) -> None:
        self.votes, self.now, self.looks = Votes(), 0.0, 0

    def goes_on(self, seconds: float, look: str) -> Life:
        for _ in range(round(seconds * 30)):
            self.now += 1 / 30
            if self.votes.due(self.now) > 0:
                self.looks += 1
                self.votes.add(LOOKS[look], self.now)
        return self

    def looked(self, look: str, times: int = 1) -> Life:
        for _ in range(times):
            self.now += 0.1
            self.votes.add(LOOKS[look], self.now)
        return self


def test_nobody_looked() -> None:
    votes = Votes()
    assert votes.best == ("other", 0.0)
    assert (votes.kind, votes.turned, votes.new) == (None, None, True)


@pytest.mark.parametrize("seconds", [1.0, 10.0, 100.0])
def test_a_label_that_is_wrong_turns_within_a_second_and_a_half_however_old_it_is(seconds: float) -> None:
    life = Life().goes_on(seconds, "face")
    assert life.votes.best[0] == "face"
    assert life.goes_on(1.5, "hand").votes.best[0] == "hand"
    assert life.votes.kind == HAND


@pytest.mark.parametrize("wrong", range(1, 4))
def test_some_looks_in_a_row_turn_no_label(wrong: int) -> None:
    life = Life().goes_on(10, "hand").looked("face", wrong)
    assert life.votes.best[0] == "hand"
    assert life.goes_on(5, "hand").votes.best[1] > 0.9


def test_what_is_doubted_is_looked_at_five_times_as_often() -> None:
    life = Life().goes_on(10, "face")
    before = life.looks
    assert before == pytest.approx(FIRST + 10 / 0.5, abs=2)
    life.goes_on(0.6, "hand")
    assert life.looks - before in (1, 2, 3, 4, 5)
    sure, doubted = Life().goes_on(10, "face"), Life().goes_on(10, "face").looked("hand")
    for one in (sure, doubted):
        one.now, one.looks = 20.0, 0
        one.votes._last = 20.0
    assert (sure.goes_on(0.45, "hand").looks, doubted.goes_on(0.45, "hand").looks) == (0, 4)


def test_other_is_no_reason_to_doubt_a_hand() -> None:
    """A hand in motion looks like nothing for a while."""
    life = Life().goes_on(10, "hand")
    before = life.looks
    assert life.goes_on(1.5, "other").votes.best[0] == "hand"
    assert life.looks - before <= 4


def test_it_turned_when_all_of_the_latest_looks_say_so() -> None:
    life = Life().looked("face", 6).looked("hand", LATEST - 1)
    assert life.votes.turned is None
    assert life.looked("hand").votes.turned == FACE
    assert life.looked("hand", 6).votes.turned == FACE, "and stays so while they do, whatever the label is by now"
    assert life.votes.best[0] == "hand"
    assert life.looked("face").votes.turned is None
    assert Life().looked("face", 6).looked("unsure", LATEST).votes.turned is None
    assert Life().looked("other", 6).looked("hand", LATEST).votes.turned is None, "it was no face"
    assert Life().looked("face", 6).looked("other", LATEST).votes.turned is None, "it is no hand"


def test_it_does_not_stay_turned_for_ever() -> None:
    life = Life().looked("face", 6).looked("hand", LATEST)
    assert life.looked("hand", round(RETURNS / 0.1) + 2).votes.turned is None


def test_two_that_turned_exchange_what_was_said_before() -> None:
    one, other = Life().looked("face", 8).looked("hand", 5), Life().looked("hand", 8).looked("face", 3)
    one.votes.exchange(other.votes)
    assert (one.votes.kind, other.votes.kind) == (HAND, FACE)
    assert one.votes.best[1] > 0.95, "none of the looks at the face is left"
    assert other.votes.best[1] > 0.95
    assert (one.votes.turned, other.votes.turned) == (None, None)
    with pytest.raises(ValueError, match="only votes that turned"):
        one.votes.exchange(other.votes)


def test_what_comes_back_has_its_votes() -> None:
    life, new = Life().looked("hand", 5), Life().looked("other")
    new.votes.join(life.votes)
    label, score = new.votes.best
    assert (label, score) == ("hand", pytest.approx((5 * 0.97 + 0.02) / 6))
    assert not new.votes.new
