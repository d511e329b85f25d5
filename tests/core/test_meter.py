"""Speed, and from when on it says how long the rest takes."""

import pytest

from model_preload.core.transfer import meter
from model_preload.core.transfer.meter import Meter


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(meter, "time", made)
    return made


def test_speed_is_that_of_the_last_seconds(clock: Clock) -> None:
    made = Meter()
    assert made.speed() == 0
    for _ in range(20):
        clock.now += 0.5
        made.add(500)
        made.speed()
    assert made.speed() == pytest.approx(1000)
    clock.now += 60
    made.speed()
    assert made.speed() < 100


def test_the_first_bytes_say_nothing_about_the_rest(clock: Clock) -> None:
    made = Meter()
    said = [made.settled]
    for seconds, count in ((30, 80), (0.5, 0), (0.5, 0)):  # answers are waited for, then bytes come
        clock.now += seconds
        made.add(count)
        said.append(made.settled)
    assert said == [False, False, False, True]
    assert made.total == 80
