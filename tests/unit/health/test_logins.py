from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.credentials import Credentials
from sharpeyes.health.logins import LOCKING_REFUSALS, LoginGuard

HOST = "10.0.0.7"
ADMIN, OTHER = Credentials("admin", "refused"), Credentials("admin", "another")


def guard() -> LoginGuard:
    return LoginGuard(refusals_to_block=2, block_s=3600)


def refuse(logins: LoginGuard, now_s: float) -> None:
    assert logins.begin(HOST, ADMIN, now_s)
    logins.end(HOST, ADMIN, now_s, accepted=False)


def test_two_refusals_block_for_an_hour() -> None:
    logins = guard()
    refuse(logins, 0)
    refuse(logins, 5)
    assert not logins.begin(HOST, ADMIN, 3604)
    assert logins.blocked_for_s(HOST, ADMIN, 3604) == 1
    assert logins.begin(HOST, ADMIN, 3606)


def test_after_a_block_one_refusal_is_enough() -> None:
    logins = guard()
    refuse(logins, 0)
    refuse(logins, 5)
    refuse(logins, 4000)
    assert not logins.begin(HOST, ADMIN, 4001)


def test_an_accepted_password_forgives() -> None:
    logins = guard()
    refuse(logins, 0)
    assert logins.begin(HOST, ADMIN, 1)
    logins.end(HOST, ADMIN, 1, accepted=True)
    refuse(logins, 2)
    assert logins.begin(HOST, ADMIN, 3)


def test_other_devices_are_not_concerned() -> None:
    logins = guard()
    refuse(logins, 0)
    refuse(logins, 0)
    assert logins.begin("10.0.0.8", ADMIN, 1)


def test_other_credentials_are_not_concerned() -> None:
    """Nor does the acceptance of one channel's password forgive the refusals of another's."""
    logins = guard()
    for now_s in (0, 1):
        refuse(logins, now_s)
        assert logins.begin(HOST, OTHER, now_s)
        logins.end(HOST, OTHER, now_s, accepted=True)
    assert not logins.begin(HOST, ADMIN, 2)
    assert logins.begin(HOST, OTHER, 2)


def test_an_edited_record_grants_one_try_more() -> None:
    logins = guard()
    logins.block(HOST, ADMIN, 0)
    logins.try_again(HOST)
    refuse(logins, 1)
    assert not logins.begin(HOST, ADMIN, 2)


def test_many_edits_lock_no_account() -> None:
    logins, refusals = guard(), 0
    for now_s in range(100):
        logins.try_again(HOST)
        if logins.begin(HOST, ADMIN, now_s):
            logins.end(HOST, ADMIN, now_s, accepted=False)
            refusals += 1
    # And one may be spent by a stream that was open before.
    assert refusals == LOCKING_REFUSALS - 2
    refuse(logins, 4000)
    logins.try_again(HOST)
    refuse(logins, 4001)


def test_wrong_passwords_of_several_channels_do_not_lock_their_recorder() -> None:
    """Nor is the one that is right sent once they have brought the device near its limit."""
    logins = guard()
    wrong = [Credentials("admin", f"wrong {number}") for number in range(8)]
    refused = 0
    for now_s in range(2_000):
        for credentials in wrong:
            if logins.begin(HOST, credentials, now_s):
                logins.end(HOST, credentials, now_s, accepted=False)
                refused += 1
    assert refused == LOCKING_REFUSALS - 2
    assert not logins.begin(HOST, OTHER, 2_000)
    assert logins.blocked_for_s(HOST, OTHER, 2_000) == 0
    assert logins.begin(HOST, OTHER, 4_000)


def test_a_channel_that_is_refused_once_is_told_of_where_others_leave_it_no_second_try() -> None:
    logins = guard()
    wrong = [Credentials("admin", f"wrong {number}") for number in range(4)]
    for now_s, credentials in enumerate(wrong[:3]):
        assert logins.blocked_for_s(HOST, credentials, now_s) == 0
        assert logins.begin(HOST, credentials, now_s)
        logins.end(HOST, credentials, now_s, accepted=False)
    assert [logins.blocked_for_s(HOST, credentials, 100) for credentials in wrong[:3]] == [2000] * 3
    # It was never sent, so nothing is known of it.
    assert logins.blocked_for_s(HOST, wrong[3], 100) == 0
    assert not logins.begin(HOST, wrong[3], 100)
    # The device has forgotten the first of them: there is room for one try, whoever comes.
    assert logins.blocked_for_s(HOST, wrong[1], 2100) == 0
    assert logins.begin(HOST, wrong[3], 2100)


def test_open_streams_send_a_changed_password_no_further() -> None:
    logins, now_s = guard(), 0.0
    permits = [logins.permit(HOST, ADMIN, lambda: now_s) for _ in range(16)]
    assert all(permit.may_send() for permit in permits)
    permits[0].refused()
    assert not any(permit.may_send() for permit in permits)
    assert logins.permit(HOST, OTHER, lambda: now_s).may_send()
    now_s = 3_601.0
    assert permits[1].may_send()


def test_channels_of_a_recorder_cannot_fail_all_at_once() -> None:
    logins = guard()
    assert [logins.begin(HOST, ADMIN, 0) for _ in range(8)].count(True) == 2


def test_a_login_cut_short_says_nothing() -> None:
    logins = guard()
    for now_s in range(10):
        assert logins.begin(HOST, ADMIN, now_s)
        logins.end(HOST, ADMIN, now_s, accepted=None)


@given(st.lists(st.tuples(st.sampled_from(["begin", "refused", "cut"]), st.floats(0, 120))))
def test_a_device_never_sees_more_than_two_bad_passwords_in_35_minutes(
    steps: list[tuple[str, float]],
) -> None:
    logins, now_s, under_way = guard(), 0.0, 0
    refused_at: list[float] = []
    for step, wait_s in steps:
        now_s += wait_s
        if step == "begin":
            under_way += logins.begin(HOST, ADMIN, now_s)
        elif under_way:
            under_way -= 1
            logins.end(HOST, ADMIN, now_s, accepted=False if step == "refused" else None)
            refused_at += [now_s] * (step == "refused")
    for first in refused_at:
        assert sum(first <= at < first + 2100 for at in refused_at) <= 2
