"""From places to what watches them, and from two files of one camera to one, by command."""

from pathlib import Path
from typing import Any


def test_places_coverage_duplicates_and_a_merge(sharpeyes: Any, tmp_path: Path) -> None:
    def done(*words: str) -> Any:
        answer = sharpeyes(*words)
        assert answer.exit_code == 0, answer
        return answer

    one, two = "42010200001320000001", "42010200001320000002"
    where = ("--lon", "114.31", "--lat", "30.60", "--tier", "city", "--name", "解放大道")
    stream = ("--stream", "rtsp://10.0.0.1/a")
    done("camera", "add", one, *where, *stream)
    done("camera", "add", two, *where, *stream, "--snapshot", "/s.jpg")
    (tmp_path / "places.csv").write_text(
        "place_code,name_zh,kind,division_code,radius_m,longitude,latitude,polygon\n"
        "S1,中心小学,8,420102,100,114.3101,30.6001,\n"
        'SQ,广场,4,420102,50,,,"114.40,30.60 114.41,30.60 114.41,30.61"\n'
        "BAD,车站,77,420102,100,30.6,114.31,\n"
        "S1,again,8,420102,100,114.31,30.60,\n"
        "FAR,nowhere,8,420199,100,114.31,30.60,\n",
        encoding="utf-8",
    )
    imported = sharpeyes("place", "import", "places.csv", "--json")
    assert imported.exit_code == 1
    *problems, report = imported.json
    assert {(p["row"], p["field"]) for p in problems} == {
        (4, "kind"),
        (4, "longitude"),
        (5, "place_code"),
        (6, "division_code"),
    }
    assert report == {
        "kind": "report",
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "refused_rows": 3,
    }
    listed = done("place", "list")
    assert "not_covered" in listed.out
    shown = done("place", "show", "S1", "--json").json[0]
    assert (shown["state"], shown["watching"]) == ("covered", 2)
    figures = done("coverage", "--json").json[0]
    assert figures["coverage"]["total"]["percent"] == 50
    assert figures["coverage"]["by_tier"]["city"]["fulfilled"] == 1
    assert figures["completeness"]["total"]["cameras"] == 2
    table = done("coverage", "--fields")
    assert "50 % of 2" in table.out

    [duplicate] = done("camera", "duplicates", "--json").json[0]["duplicates"][:1]
    assert {camera["device_code"] for camera in duplicate["cameras"]} == {one, two}
    unasked = sharpeyes("camera", "merge", one, two)
    assert (unasked.exit_code, "--yes" in unasked.err) == (1, True)
    merged = done("camera", "merge", one, two, "--yes", "--json").json[0]
    assert (merged["kept"], merged["dropped"]) == (one, two)
    assert done("camera", "duplicates", "--json").json[0]["total"] == {
        "address": 0,
        "mac": 0,
        "position": 0,
        "code": 0,
    }
