"""What an office may decide about its registry."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sharpeyes.registry.sheet import CATALOGUE

SHEET_FIELDS = tuple(field.field for field in CATALOGUE)
"""The fields that the 27 columns of the exchanged sheet say, in its order."""


class RegistrySettings(BaseModel):
    """What a camera's file must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    required_fields: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(
            "device_code",
            "name",
            "division_code",
            "tier",
            "ipv4",
            "camera_form",
            "functions",
            "address",
            "longitude",
            "latitude",
            "place_kinds",
            "facing",
            "networked",
            "police_station_code",
            "installed_at",
            "managing_unit",
            "contacts",
            "recording_days",
            "life",
            "sector",
        ),
        description=(
            "fields of the 27-column sheet without which a camera's file counts as incomplete; "
            "`ipv4` is met by an IPv6 address too, and asked only of cameras on the network"
        ),
    )

    @model_validator(mode="after")
    def _check_required_fields(self) -> Self:
        for field in self.required_fields:
            if field not in SHEET_FIELDS:
                raise ValueError(
                    f"required_fields: {field} is none of the sheet's: {', '.join(SHEET_FIELDS)}"
                )
        if len(set(self.required_fields)) < len(self.required_fields):
            raise ValueError("required_fields: one is there twice")
        return self
