from sharpeyes.service.throttle import Throttle


def test_a_burst_and_then_one_after_another() -> None:
    throttle = Throttle(burst=3, refill_s=10)
    assert [throttle.spend("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert throttle.wait_s("a", 0.0) == 10
    assert throttle.spend("b", 0.0)
    assert not throttle.spend("a", 9.9)
    assert throttle.spend("a", 10.0)
    assert not throttle.spend("a", 10.0)
    # At rest it fills up, and not beyond.
    assert [throttle.spend("a", 1000.0) for _ in range(4)] == [True, True, True, False]


def test_it_forgets_whoever_was_longest_at_rest_before_it_grows() -> None:
    throttle = Throttle(burst=1, refill_s=1e9, most_keys=100)
    for key in range(10_000):
        assert throttle.spend(key, float(key))
    assert not throttle.spend(9_999, 1e4)
    assert throttle.spend(0, 1e4)
    assert len(vars(throttle)["_full_at_s"]) == 100


def test_a_try_that_is_given_back_was_never_taken() -> None:
    throttle = Throttle(burst=2, refill_s=10)
    assert throttle.spend("a", 0.0)
    throttle.give_back("a")
    throttle.give_back("forgotten")
    assert [throttle.spend("a", 0.0) for _ in range(3)] == [True, True, False]
