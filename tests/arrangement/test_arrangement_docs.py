"""What docs/arrangements.md says beside its blocks, which tests/docs/test_blocks.py runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from command import run

import exactgeo as eg

TEXT = (Path(__file__).parents[2] / "docs" / "arrangements.md").read_text(encoding="utf-8")


def test_every_name_of_the_table_is_there():
    table = TEXT[TEXT.index("| here | Sage |") :].partition("\n\n")[0]
    names = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)", row.split("|")[1])}
    assert len(names) > 25
    assert not [name for name in names if not hasattr(eg.Arrangement, name)]


def test_a_time_limit_ends_with_what_is_found(capsys, tmp_path):
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"normals": [[t**k for k in range(5)] for t in range(1, 40)]}))
    code, out, err = run(capsys, "regions", str(file), "--time-limit", "0", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"], answer["rank"]) == (3, False, 5)
    assert 0 < answer["found"] < eg.Arrangement([[t**k for k in range(5)] for t in range(1, 40)]).count()
    assert err == f"exactgeo: {file}: not all within 0 s; raise --time-limit\n"
    assert answer["at_least"] <= answer["estimate"] <= answer["at_most"]
    assert run(capsys, "regions", str(file), "--time-limit", "0")[1].splitlines() == [
        f"regions found so far        {answer['found']}",
        f"regions                     at least {answer['at_least']}, at most {answer['at_most']}",
        f"regions, an estimate        {answer['estimate']}",
    ]
    file.write_text('{"normals": [[1, 0], [0, 1], [1, 1]]}')
    code, out, err = run(capsys, "regions", str(file), "--time-limit", "60", "--json")
    assert (code, json.loads(out)["count"], json.loads(out)["fallbacks"], err) == (0, 6, 0, "")
