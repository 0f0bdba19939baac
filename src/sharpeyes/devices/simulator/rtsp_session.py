"""A stream that is being played to one client."""

import asyncio
import secrets

from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.encoding import Stream
from sharpeyes.devices.simulator.fault import NoFrames, Silent
from sharpeyes.devices.simulator.rtp import CLOCK_HZ, RtpWriter
from sharpeyes.devices.simulator.world import World

_REPORT_EVERY_S = 5.0
_MAX_WAITING_BYTES = 131_072  # a client that reads so slowly loses pictures


class Session:
    """Pictures of one stream, at their pace, from a keyframe on.

    Args:
        world: the fleet.
        device: whose stream.
        stream: which of its streams.
        transport: the connection that carries everything.
        channel: interleaved channel of RTP; RTCP's is the next.

    Attributes:
        id: what the client calls it by.
        timestamp: of the next picture, ticks of CLOCK_HZ.
    """

    __slots__ = (
        "_clip",
        "_device",
        "_frame_index",
        "_needs_keyframe",
        "_next_frame_s",
        "_next_report_s",
        "_rtp",
        "_timer",
        "_transport",
        "_world",
        "id",
        "timestamp",
    )

    def __init__(
        self,
        world: World,
        device: Device,
        stream: Stream,
        transport: asyncio.Transport,
        channel: int,
    ) -> None:
        self.id = secrets.token_hex(4)
        self.timestamp = secrets.randbits(32)
        self._world = world
        self._device = device
        self._transport = transport
        self._clip = world.clip(device, stream)
        self._rtp = RtpWriter(
            channel, ssrc=secrets.randbits(32), first_sequence=secrets.randbits(16)
        )
        self._frame_index = 0
        self._needs_keyframe = True
        self._next_frame_s = 0.0
        self._next_report_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ssrc(self) -> int:
        """Its RTP source identifier."""
        return self._rtp.ssrc

    @property
    def next_sequence(self) -> int:
        """The number of the next RTP packet."""
        return self._rtp.sequence

    @property
    def is_playing(self) -> bool:
        """Whether pictures are due."""
        return self._timer is not None

    def play(self) -> None:
        """Begin with the keyframe of the second that the camera sees now."""
        if self.is_playing:
            return
        now_s = asyncio.get_running_loop().time()
        self._frame_index = self._clip.keyframe_at(self._world.scene_time_s(self._device))
        self._next_frame_s = self._next_report_s = now_s
        self._take_turn()

    def end(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_turn(self) -> None:
        """Send the picture that is due, if one can be sent, and see to the next."""
        loop = asyncio.get_running_loop()
        keeps_up = self._transport.get_write_buffer_size() <= _MAX_WAITING_BYTES
        if keeps_up and not isinstance(self._device.fault, Silent | NoFrames):
            self._send_report_if_due(loop.time())
            self._send_picture()
        else:
            self._needs_keyframe = True
        self._frame_index = (self._frame_index + 1) % len(self._clip.frames)
        self.timestamp = (self.timestamp + CLOCK_HZ // self._clip.frames_per_s) & 0xFFFFFFFF
        step_s = 1 / self._clip.frames_per_s / self._world.settings.speed_ratio
        # After a standstill of this process the stream goes on from now, without a burst.
        self._next_frame_s = max(self._next_frame_s + step_s, loop.time())
        self._timer = loop.call_at(self._next_frame_s, self._take_turn)

    def _send_picture(self) -> None:
        frame = self._clip.frames[self._frame_index]
        if self._device.frozen_at_s is not None:
            frame = self._clip.frames[self._clip.keyframe_at(self._device.frozen_at_s)]
            self._needs_keyframe = True  # for the moment when it thaws
        elif self._needs_keyframe:
            if not frame.is_keyframe:
                return
            self._needs_keyframe = False
        self._transport.write(self._rtp.picture(frame.payloads, self.timestamp))

    def _send_report_if_due(self, now_s: float) -> None:
        if now_s < self._next_report_s:
            return
        self._next_report_s = now_s + _REPORT_EVERY_S
        device_time = self._world.device_time(self._device)
        self._transport.write(self._rtp.sender_report(device_time, self.timestamp))
