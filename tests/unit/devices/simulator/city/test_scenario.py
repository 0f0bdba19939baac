from pathlib import Path

import pytest

from sharpeyes.devices.simulator.city.fault import Slow, Unanswered
from sharpeyes.devices.simulator.city.scenario import (
    ScenarioError,
    parse_scenario,
    read_scenario,
)

TWO_STEPS = """
name = "a bad day"

[[step]]
name = "switch 3 dies"
at_s = 60
lasts_s = 240
on = { switches = [3] }
fault = { kind = "unanswered" }

[[step]]
name = "slow ones"
at_s = 90.5
on = { all = true, share = 0.01 }
fault = { kind = "slow", after_s = 4 }
"""


def test_a_scenario_is_read_from_toml_and_json_alike(tmp_path: Path) -> None:
    toml, json = tmp_path / "day.toml", tmp_path / "day.json"
    toml.write_text(TWO_STEPS)
    json.write_text(
        '{"name": "a bad day", "step": [{"name": "switch 3 dies", "at_s": 60, "lasts_s": 240,'
        ' "on": {"switches": [3]}, "fault": {"kind": "unanswered"}}, {"name": "slow ones",'
        ' "at_s": 90.5, "on": {"all": true, "share": 0.01},'
        ' "fault": {"kind": "slow", "after_s": 4}}]}'
    )
    scenario = read_scenario(toml)
    assert scenario == read_scenario(json)
    assert [step.fault for step in scenario.step] == [Unanswered(), Slow(4.0)]


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        (
            "after_s = 4",
            "after_s = -4",
            'day.toml, line 11: step 2 ("slow ones"): fault.after_s: Expected `float` >= 0.0',
        ),
        (
            '"unanswered"',
            '"on fire"',
            'day.toml, line 4: step 1 ("switch 3 dies"): fault.kind: Invalid value',
        ),
        (
            "at_s = 60",
            "at_s = 60\ntill_s = 70",
            'day.toml, line 4: step 1 ("switch 3 dies"): Object contains unknown field `till_s`',
        ),
        ("at_s = 90.5", "", 'day.toml, line 11: step 2 ("slow ones"): Object missing required'),
        ("share = 0.01", "share = 0", 'step 2 ("slow ones"): on.share: Expected `float` > 0.0'),
        ("slow ones", "switch 3 dies", "line 11: step 2"),
        (
            "lasts_s = 240",
            "flaps = { down_s = 1, up_s = 1 }",
            'step 1 ("switch 3 dies"): flaps: lasts_s must say until when',
        ),
        (
            "lasts_s = 240",
            "lasts_s = 240\nbegins_over_s = 300",
            "begins_over_s: it would be over before all are struck",
        ),
        ('name = "a bad day"', "name = 7", "day.toml: name: Expected `str`, got `int`"),
        ('name = "a bad day"', "name = ", "day.toml is not TOML: Invalid value (at line 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_step_and_key(
    wrong: str, right: str, told: str
) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(TWO_STEPS.replace(wrong, right), name="day.toml")
    assert told in str(raised.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot read .*none\.toml: No such file"):
        read_scenario(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "a"\n# \xe9\n')
    with pytest.raises(ScenarioError, match=r"latin\.toml, line 2: not UTF-8"):
        read_scenario(tmp_path / "latin.toml")
    (tmp_path / "half.json").write_text("[" * 100_000)
    with pytest.raises(ScenarioError, match=r"half\.json is not JSON"):
        read_scenario(tmp_path / "half.json")
