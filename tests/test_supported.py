"""The page of what is supported promises nothing that no test runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs" / "supported.md").read_text(encoding="utf-8")
LINES = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("|") and "---" not in line]
PROMISES = [cells for cells in LINES if cells[-1] != "run by"]


@pytest.mark.parametrize("cells", PROMISES, ids=lambda cells: cells[0])
def test_each_line_names_a_test_that_is_there_and_runs(cells: list[str]) -> None:
    found = re.fullmatch(r"(test_\w+\.py)::(test_\w+)(?:\[(\w+)\])?", cells[-1])
    assert found, f"{cells[0]!r} names no test"
    file, name, case = found.groups()
    text = (HERE / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, re.M), f"{file} holds no {name}"
    assert case is None or re.search(rf"^def {case}\(", text, re.M)
    before = text[: text.index(f"def {name}(")].rpartition("\n\n\n")[2]
    assert "skip" not in before


@pytest.mark.parametrize("cells", PROMISES, ids=lambda cells: cells[0])
def test_each_key_that_a_line_names_is_one_of_params_yaml(cells: list[str]) -> None:
    params = (HERE.parent / "params.yaml").read_text(encoding="utf-8")
    for section, key in re.findall(r"`(ingest|split)\.(\w+)", cells[1]):
        lines = params.partition(f"\n{section}:\n")[2].partition("\n\n")[0]
        assert re.search(rf"^  {key}:", lines, re.M), f"params.yaml has no {section}.{key}"
