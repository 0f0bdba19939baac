"""How frames are sampled and looked at, and what becomes of findings."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sharpeyes.ingest.listening_settings import ListeningSettings


class IngestSettings(BaseModel):
    """Sampling, reconnecting, detection and evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dwell_s: float = Field(
        default=300,
        gt=0,
        le=604_800,
        description="How long a vehicle may stay where its zone does not say.",
    )
    motion_min_interval_s: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Least seconds between two motion events of one camera.",
    )
    evidence_width_px: int = Field(
        default=1280, ge=160, le=4096, description="Widest evidence picture; wider ones shrink."
    )
    evidence_quality: int = Field(
        default=80, ge=10, le=95, description="JPEG quality of evidence pictures."
    )
    state_interval_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="Seconds between savings of what a detector is watching, while there is any.",
    )
    hold_open_below_s: float = Field(
        default=30,
        ge=0,
        le=3600,
        description="A stream sampled less often than this is opened anew for each frame.",
    )
    reconnect_min_s: float = Field(
        default=5, gt=0, le=600, description="First delay before a camera is connected to again."
    )
    reconnect_max_s: float = Field(
        default=300, gt=0, le=86_400, description="Longest delay before a camera is tried again."
    )
    jitter_ratio: float = Field(
        default=0.2, ge=0, le=0.5, description="Random share by which reconnect delays vary."
    )
    stable_after_s: float = Field(
        default=60,
        gt=0,
        le=3600,
        description="A camera that sent frames for so long is reconnected quickly again.",
    )
    opening_limit: int = Field(
        default=32, ge=1, le=1000, description="Cameras connected to at once, of one worker."
    )
    detection_threads: int = Field(
        default=1, ge=1, le=64, description="Threads that look at frames, of one worker."
    )
    waiting_limit: int = Field(
        default=32,
        ge=1,
        le=1000,
        description="Frames of all cameras that wait for a thread; more are dropped and counted.",
    )

    listening: ListeningSettings = ListeningSettings()

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.reconnect_max_s < self.reconnect_min_s:
            raise ValueError(
                f"reconnect_max_s ({self.reconnect_max_s:g}) must not be below reconnect_min_s "
                f"({self.reconnect_min_s:g})"
            )
        return self
