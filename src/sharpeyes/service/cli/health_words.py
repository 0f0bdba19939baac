"""What `sharpeyes health camera` and `explain` say, in Chinese and English."""

from __future__ import annotations

from typing import Final

from sharpeyes.health.status import Cause, Status
from sharpeyes.service.words import Language

# By name: Chinese, English.
_WORDS: Final = {
    "status": ("状态", "status"),
    "cause": ("原因", "cause"),
    "evidence": ("依据", "evidence"),
    "camera": ("摄像机", "camera"),
    "address": ("设备地址", "address"),
    "life": ("生命周期", "life"),
    "asked_by": ("轮询进程", "asked by"),
    "online": ("30 天在线率", "online, last 30 days"),
    "next": ("下一步", "what to do next"),
    "check": ("检查项", "check"),
    "every": ("间隔", "asked every"),
    "last": ("最近所知", "last known"),
    "at": ("时间", "at"),
    "from": ("由", "from"),
    "to": ("变为", "to"),
    "incident": ("事件", "incident"),
    "incidents": ("未办结事件", "open incidents"),
    "none_open": ("无未办结事件。", "No incident is open."),
    "no_change": ("尚无状态变化记录。", "Its status has never changed."),
    "deadline": ("期限", "deadline"),
    "with": ("处置单位", "seen to by"),
    "nobody": ("未派发", "nobody yet"),
    "since": ("自 {at} 起（{ago}）", "since {at} ({ago} ago)"),
    "answered": (
        "{at} 起的一小时内应答中位数 {ms} 毫秒",
        "answered in {ms} ms (median of the hour from {at})",
    ),
    "failing": ("自 {at} 起异常（{ago}）", "failing since {at} ({ago} ago)"),
    "clock": ("{at}（{ago}前），偏差 {offset:+.1f} 秒", "{at} ({ago} ago), {offset:+.1f} s off"),
    "well": ("无异常", "nothing wrong"),
    "away": ("设备无应答，暂不检查", "not asked while the device does not answer"),
    "not_yet": ("尚未检查或设备不支持", "not asked yet, or not offered by the device"),
    "worker": ("{worker}，租约至 {until}", "{worker}, for {left} s more unless it renews"),
    "no_worker": (
        "当前没有进程轮询：服务未运行，或正在交接",
        "nobody: no worker is running, or its cameras are just being handed over",
    ),
    "not_measured": (
        "不可测：档案规定不定时轮询，或不在运行中，或没有可用的地址与路径",
        ("not measured: its file forbids asking on a schedule, it is not in service, or no address "
        "and path to ask is on file"),
    ),
    "unknown": ("尚未判定", "not judged yet"),
    "means": ("含义", "what that means"),
    "why": ("判定依据", "why it is so"),
    "told": ("已通知", "who was told"),
    "rule": (
        "检查项“{check}”连续 {failures} 次结果异常；首次在 {at}",
        "the check {check} had a fault {failures} times in a row; the first was seen at {at}",
    ),
    "rule_unstable": (
        "最近 21 次结果中变化过多；首次在 {at}",
        "too many of its last 21 results differed from the one before; first seen at {at}",
    ),
    "with_others": (
        "它与其他 {others} 路同属事件 {number}（{kind} {title}）：先处理该事件，单路不派单",
        ("it failed with {others} others: incident {number} ({kind} {title}). Mend that; nobody is "
        "sent to this camera alone"),
    ),
    "is_well": ("一切正常，无需处置。", "All is well: there is nothing to do."),
    "probe_now": (
        "立即复查：sharpeyes camera probe {code}",
        "Ask it now: sharpeyes camera probe {code}",
    ),
    "see_incident": (
        "查看处置过程：sharpeyes health incident {number}",
        "See the work on it: sharpeyes health incident {number}",
    ),
    "never": ("从未", "never"),
}  # fmt: skip

_MEANINGS: Final = {
    Status.OK: ("正常：能连通，画面可用。", "It answers, and its picture is of use."),
    Status.DEGRADED: (
        "有应答但有缺陷：不算离线，不计入维护单位的断线。",
        "It answers, and something about it is wrong. It does not count as offline.",
    ),
    Status.UNREACHABLE: (
        "无应答，且尚未认定是它自身的故障：不派单，不上报。",
        "It does not answer, and is not (yet) known to be at fault itself: nobody is sent or told.",
    ),
    Status.OFFLINE: (
        "无人能看到画面：需派人处置。",
        "Nobody sees through it: somebody has to go there.",
    ),
    Status.UNKNOWN: (
        "尚未判定，既不算好也不算坏。",
        "It was not judged yet, and counts as neither.",
    ),
}  # fmt: skip

_ADVICE: Final = {
    Cause.NETWORK: (
        "先看同网段其他摄像机是否正常；若正常，查该点位的供电、网线和交换机端口，再核对档案中的地址和端口。",
        ("See whether others in its network answer. If they do, check power, cable and switch port "
        "at the point, then whether the address and port on file are right."),
    ),
    Cause.SILENT: (
        "设备能连接但不应答，多为死机：远程或现场重启；反复出现则升级固件或更换。",
        ("It takes connections and hangs: restart it. If that keeps happening, renew its firmware "
        "or the device."),
    ),
    Cause.RTSP: (
        "核对档案中的码流路径和通道号，以及设备上该码流是否启用。",
        "Check the stream path and channel on file, and that the stream is enabled on the device.",
    ),
    Cause.NO_FRAMES: (
        "设备同意播放却无画面：查编码设置和镜头模组，重启设备；录像机通道则查其前端摄像机。",
        ("It agrees to play and sends nothing: check its encoder, restart it; of a recorder's "
        "channel, check the camera behind it."),
    ),
    Cause.AUTH: (
        ("存入正确密码：sharpeyes camera password {code} --username 用户名。"
        "不要在设备上反复试登录，以免锁定。"),
        ("Store the right password: sharpeyes camera password {code} --username NAME. "
        "Do not try passwords on the device: it locks."),
    ),
    Cause.AUTH_BLOCKED: (
        ("为免设备锁定账号，已停止发送密码；存入正确密码后立即恢复："
        "sharpeyes camera password {code} --username 用户名。"),
        ("No password is sent, so that the device does not lock its account. Store the right one "
        "and it is tried at once: sharpeyes camera password {code} --username NAME."),
    ),
    Cause.FROZEN: (
        "打开实时画面对照现场；确认冻结则重启设备。长时间静止的室内画面也会如此。",
        ("Compare its live picture with the place; if it is frozen, restart the device. A room in "
        "which nothing moves looks the same."),
    ),
    Cause.CLOCK: (
        "在设备上启用 NTP 并指向内网时间服务器；核对时区。",
        "Let the device follow the network's time server (NTP), and check its time zone.",
    ),
    Cause.SLOW: (
        "查链路带宽和丢包，以及设备同时连接数。",
        "Look for a full or lossy line, and for too many who watch the device at once.",
    ),
    Cause.PICTURE: (
        "查看画面：擦拭或清除遮挡，核对朝向和焦距，检查补光。",
        ("Look at the picture: clean the lens or clear what covers it, check where it points, its "
        "focus and its lamp."),
    ),
    Cause.RECORDER: (
        "查录像机本身：供电、网络；其通道随之恢复。",
        "See to the recorder: power, network. Its channels come back with it.",
    ),
    Cause.UNSTABLE: (
        "时断时续多为接头、供电或无线链路不良：查线路，不必每次派单。",
        ("It comes and goes: a bad plug, weak power or a poor radio link. Check the line once "
        "rather than each time."),
    ),
    Cause.UNKNOWN: ("请人工查看。", "Somebody should look."),
}  # fmt: skip


def label(name: str, language: Language, **values: object) -> str:
    """Return a word or a sentence with its values filled in."""
    return _of(_WORDS[name], language).format(**values)


def meaning(status: Status, language: Language) -> str:
    """Return what a status means for whoever has to act on it."""
    return _of(_MEANINGS[status], language)


def advice(cause: Cause, device_code: str, language: Language) -> str:
    """Return what to do about a cause; empty where nothing is wrong."""
    pair = _ADVICE.get(cause)
    return "" if pair is None else _of(pair, language).format(code=device_code)


def ago(seconds: float, language: Language) -> str:
    """Write how long ago something was, coarsely: "3 min", "5 天"."""
    for limit, unit_s, zh, en in (
        (120, 1, "秒", "s"),
        (7_200, 60, "分钟", "min"),
        (172_800, 3_600, "小时", "h"),
    ):
        if seconds < limit:
            return f"{seconds // unit_s:.0f} {_of((zh, en), language)}"
    return f"{seconds // 86_400:.0f} {_of(('天', 'days'), language)}"


def _of(pair: tuple[str, str], language: Language) -> str:
    return pair[0] if language == "zh" else pair[1]
