import itertools

from sharpeyes.devices.simulator.account import BAD_LOGINS_ALLOWED, LOCKED_FOR_S
from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.fault import Frozen, WrongPassword
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import make_cameras


def new_device() -> Device:
    return Device(next(make_cameras(FleetSettings(cameras=1))))


def test_five_bad_logins_lock_the_account_for_half_an_hour() -> None:
    device = new_device()
    for _ in range(BAD_LOGINS_ALLOWED):
        assert not device.is_locked(100.0)
        assert not device.admit(right=False, now_s=100.0)
    assert device.is_locked(100.0)
    assert not device.admit(right=True, now_s=99.0 + LOCKED_FOR_S)
    assert device.admit(right=True, now_s=100.0 + LOCKED_FOR_S)
    assert (device.bad_logins, device.lockouts) == (5, 1)


def test_a_good_login_starts_the_count_anew() -> None:
    device = new_device()
    for right in (*[False] * 4, True, *[False] * 4):
        device.admit(right=right, now_s=0.0)
    assert not device.is_locked(0.0)
    assert device.bad_logins == 8


def test_a_changed_password_refuses_the_right_one_until_repaired() -> None:
    device = new_device()
    device.set_fault(WrongPassword(), 0.0)
    for now_s in itertools.islice(itertools.count(), BAD_LOGINS_ALLOWED):
        assert not device.admit(right=True, now_s=float(now_s))
    assert device.lockouts == 1
    device.set_fault(None, 0.0)
    assert device.admit(right=True, now_s=6.0)
    assert device.lockouts == 1


def test_only_a_frozen_picture_has_a_moment() -> None:
    device = new_device()
    device.set_fault(Frozen(), 12.5)
    assert device.frozen_at_s == 12.5
    device.set_fault(WrongPassword(), 13.0)
    assert device.frozen_at_s is None
