from pathlib import Path

import pytest

from sharpeyes.service.cli.output import CliError
from sharpeyes.service.cli.zones_file import read_zones


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (
            '[{"name": "a", "kind": "foo", "polygon": []}]',
            "'foo' - at `$.zones[0].kind` (there are watch, no_parking, ignore, privacy)",
        ),
        ('[{"name": "a", "kind": "watch"}]', "missing required field `polygon` - at `$.zones[0]`"),
        ("[", "truncated"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, zones: str, said: str) -> None:
    file = tmp_path / "zones.json"
    file.write_text(f'{{"zones": {zones}' + ("}" if zones.endswith("]") else ""))
    with pytest.raises(CliError) as refused:
        read_zones(file)
    assert str(refused.value).startswith(f"zones file {file}: ")
    assert said in str(refused.value)
