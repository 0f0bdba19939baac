"""The words of the report, in Chinese and English."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

# By name: Chinese, English.
_WORDS = {
    "title": ("公共视频监控运行月报", "Public cameras: report of the month"),
    "city": ("全市", "Whole city"),
    "month": ("月份", "Month"),
    "made": ("生成时间", "Made at"),
    "unfinished": (
        "本月尚未结束，数据截至生成时间。",
        "The month is not over: figures up to when this was made.",
    ),
    "sheet": ("验收指标", "Acceptance sheet"),
    "item": ("指标", "Figure"),
    "value": ("数值", "Value"),
    "aim": ("要求", "Asked for"),
    "base": ("统计口径", "Base"),
    "result": ("结果", "Result"),
    "met": ("✔ 达标", "✔ met"),
    "missed": ("✘ 未达标", "✘ missed"),
    "no_aim": ("—", "—"),
    "open": ("？ 无法判定", "? cannot be said"),
    "filing": ("建档率", "Filing rate"),
    "coverage": ("重点公共区域覆盖率", "Coverage of key public places"),
    "networked": ("联网率", "Networked"),
    "intact": ("完好率", "Intact rate"),
    "online": ("在线率", "Online rate"),
    "clock": ("时钟偏差不超过 5 秒", "Clocks within 5 s"),
    "clock_median": ("时钟偏差中位数", "Median clock deviation"),
    "recording_filed": (
        "录像保存 30 天及以上（档案）",
        "Recordings kept 30 days or more (as filed)",
    ),
    "recording_measured": (
        "录像保存 30 天及以上（设备报告，含中断）",
        "Recordings kept 30 days or more (as devices tell, gaps included)",
    ),
    "faults": ("故障次数", "Faults"),
    "mttr": ("平均修复时间", "Mean time to repair"),
    "measured_base": (
        "全月曾测得状态的摄像机",
        "Cameras measured at any time of the month",
    ),
    "cameras": ("台摄像机", "cameras"),
    "places": ("处", "places"),
    "camera_hours": ("摄像机小时", "camera-hours"),
    "repairs": ("次修复", "repairs"),
    "of": ("共", "of"),
    "hours": ("小时", "h"),
    "not_known": ("无法计算", "cannot be computed"),
    "because": ("原因", "because"),
    "not_online": ("测得时间中未在线的占比", "Share of the measured time not online"),
    "trend": ("每日在线率与完好率", "Online and intact rate by day"),
    "trend_none": ("本月没有按日汇总的数据。", "No day of this month was summed up."),
    "time": ("时间构成", "How the time was spent"),
    "time_note": (
        "未知、维护和不可测时间不计入任何比率。",
        "Unknown, maintenance and unmeasured time is in no rate.",
    ),
    "by_tier": ("按点位类型", "By tier"),
    "by_division": ("按辖区", "By division"),
    "by_maker": ("按厂商：时钟", "Clocks by maker"),
    "worst_streets": ("在线率最低的街道", "Streets with the lowest online rate"),
    "worst_makers": ("在线率最低的厂商", "Makers with the lowest online rate"),
    "worst_cameras": ("在线率最低的摄像机", "Cameras with the lowest online rate"),
    "worst_note": (
        "仅列测量时间满一天的。",
        "Only what was measured for a day at least.",
    ),
    "none": ("无", "none"),
    "measured": ("测得", "measured"),
    "within_1_s": ("1 秒内", "within 1 s"),
    "within_5_s": ("5 秒内", "within 5 s"),
    "within_60_s": ("60 秒内", "within 60 s"),
    "mislabelled": ("将本地时间标为 UTC", "call local time UTC"),
    "maker": ("厂商", "Maker"),
    "not_on_file": ("未建档", "not on file"),
    "filed_above": ("归属上级", "filed above"),
    "camera": ("摄像机", "Camera"),
    "now_note": (
        "建档率、覆盖率、联网率、时钟与录像为生成时的数据，其余为全月数据。",
        (
            "Filing, coverage, networked, clocks and recordings are of when this was made, "
            "the rest of the month."
        ),
    ),
    "definitions": ("口径说明", "Definitions"),
    "definition_online": (
        ("在线率 = 在线时间 ÷ 已测时间。未知、维护、不可测时间另列，既不算在线也不算离线。"),
        (
            "Online rate = time online / time measured. Unknown, maintenance and "
            "unmeasured time is told apart, as neither."
        ),
    ),
    "definition_intact": (
        (
            "完好率 = 完好时间 ÷ 可判定时间。响应慢、时钟偏差不算不完好；"
            "密码被拒或因公共原因不可达的时间无法判定。"
        ),
        (
            "Intact rate = time intact / time in which that can be said. Late answers and "
            "wrong clocks do not count against it; while a camera refuses our password, or "
            "is unreachable for a common cause, it cannot be said."
        ),
    ),
    "definition_fault": (
        (
            "故障从画面异常或离线开始，到再次正常为止；平均修复时间只计其间测得的故障时间，"
            "计入修复所在月份。"
        ),
        (
            "A fault lasts from a useless picture or being offline until the camera is "
            "well again; mean time to repair counts the time seen faulty, in the month of "
            "the repair."
        ),
    ),
    # Tiers.
    "tier_city": ("一类点", "city points"),
    "tier_district": ("二类点", "district points"),
    "tier_social": ("三类点", "social points"),
    "tier_police": ("公安内部点", "internal police points"),
    "tier_other": ("其他点", "other points"),
    # As what time counts, and why something could not be measured.
    "well": ("正常", "well"),
    "impaired": ("轻微异常", "impaired"),
    "unseen": ("密码被拒", "password refused"),
    "faulty": ("画面异常", "faulty"),
    "offline": ("离线", "offline"),
    "unreachable": ("不可达", "unreachable"),
    "unknown": ("未知", "unknown"),
    "maintenance": ("维护中", "maintenance"),
    "on_request": ("仅可按需调阅", "on request only"),
    "never": ("不可轮询", "may not be polled"),
    "planned": ("规划中", "planned"),
    "nothing_measured": ("没有测得任何时间", "nothing was measured"),
    "nothing_judged": ("没有可判定的时间", "nothing could be judged"),
    "no_fault_repaired": ("没有修复的故障", "no fault was repaired"),
    "tells_no_time": ("设备未提供时间", "tells no time"),
    "recorders_not_asked": ("尚未向设备查询录像", "not asked for recordings yet"),
    "recordings_not_offered": ("设备不提供录像检索", "device has no search of recordings"),
    "recordings_refused": ("查询录像时密码被拒", "password refused when asked for recordings"),
    "recordings_failed": ("查询录像失败", "question for recordings failed"),
    "recordings_told_long_ago": ("录像数据已过期", "told too long ago"),
    "recordings_not_told_apart": ("录像机未区分通道", "recorder does not tell inputs apart"),
    "recorder_elsewhere": ("录像存于未查询的录像机", "kept by a recorder that was not asked"),
    "not_filed": ("档案未填", "not on file"),
    "networked_unknown": ("联网属性未填", "networked not on file"),
    "not_networked": ("未联网", "not networked"),
    "no_places": ("没有登记重点区域", "no key place is on file"),
    "nobody": ("没有可统计的对象", "there is nothing to count"),
    "no_position": ("摄像机位置未填", "cameras without a position"),
}


def words(language: Language) -> dict[str, str]:
    """Return the words of a language, by name."""
    place = 0 if language == "zh" else 1
    return {name: both[place] for name, both in _WORDS.items()}
