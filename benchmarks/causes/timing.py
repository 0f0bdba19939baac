"""Settings of health in which minutes pass as seconds, so that a run ends within minutes.

Everything by which a fault is told apart from another is scaled by the same factor: intervals of
the cheap checks, rechecks, holds, the time within which a group fails. The checks that are seldom
(logins, clocks, pictures) are hastened more, or one round of them would take an hour; what is
judged of them goes by results in a row, whatever lies between.
"""

from __future__ import annotations

from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.health.incident_settings import CommonCauseSettings, IncidentSettings
from sharpeyes.health.settings import HealthSettings

_USUAL = HealthSettings()
_TOGETHER = CommonCauseSettings()

_SCALED = (
    "within_s",
    "hold_s",
    "longest_hold_s",
    "probe_every_s",
    "look_timeout_s",
    "settle_s",
    "look_every_s",
)


def hastened(factor: float, *, seldom_s: float) -> HealthSettings:
    """Return the usual settings with all times divided.

    Args:
        factor: by which.
        seldom_s: between two logins, looks at the clock, or pictures of one camera; a picture is
            frozen when it has not changed for as long.
    """
    return _USUAL.model_copy(
        update={
            "reach_interval_s": _USUAL.reach_interval_s / factor,
            "connect_interval_s": _USUAL.connect_interval_s / factor,
            "recheck_s": tuple(delay_s / factor for delay_s in _USUAL.recheck_s),
            "backoff_max_s": _USUAL.backoff_max_s / factor,
            "steady_after_s": _USUAL.steady_after_s / factor,
            "login_interval_s": seldom_s,
            "clock_interval_s": seldom_s,
            "picture_interval_s": seldom_s,
            "frozen_after_s": 0.9 * seldom_s,
            "recovery_ratio_per_s": min(_USUAL.recovery_ratio_per_s * factor, 1.0),
            "common_cause": _TOGETHER.model_copy(
                update={
                    name: getattr(_TOGETHER, name) / factor
                    for name in _SCALED
                }
            ),
            "incidents": IncidentSettings(
                reopen_within_s=IncidentSettings().reopen_within_s / factor
            ),
        }
    )  # fmt: skip


def impatient(factor: float) -> DeviceSettings:
    """Return the usual settings for devices with all times for an answer divided."""
    usual = DeviceSettings()
    names = ("rtsp_timeout_s", "http_timeout_s", "keyframe_timeout_s")
    return usual.model_copy(update={name: getattr(usual, name) / factor for name in names})
