"""What a simulated camera says of a stream."""

from sharpeyes.devices.simulator.encoding import Clip
from sharpeyes.devices.simulator.rtp import CLOCK_HZ, PAYLOAD_TYPE

TRACK = "trackID=1"
"""The only medium's address, after the presentation's."""


def describe_clip(clip: Clip, host: str) -> str:
    """The session description (RFC 4566, RFC 6184 section 8.2.1) of a stream.

    Args:
        clip: what it shows.
        host: who says so.
    """
    profile_level_id = clip.sps[1:4].hex().upper()
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=Simulated camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=0-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
        (
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile_level_id};"
            f"sprop-parameter-sets={clip.sprop_parameter_sets}"
        ),
        f"a=framerate:{clip.frames_per_s}",
        f"a=x-dimensions:{clip.width_px},{clip.height_px}",
        f"a=control:{TRACK}",
    ]
    return "\r\n".join(lines) + "\r\n"
