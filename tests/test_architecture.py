"""Arrows point one way, files are touched at the doors only, and dvc.yaml watches exactly the code that each stage runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from small import REPOSITORY

from ceteris.closure import PACKAGE, import_closure
from ceteris.params import Params
from ceteris.store import parse_yaml

# The house: each room's floor. A room may import rooms of its own floor and of those below; a door, every room but a stage.
FLOORS = ("vocabulary", "craft", "experiment", "showing", "door", "stage")
ROOMS = {
    "vocabulary": "command_line dataset errors kinds metrics neutral params sections canvas canvas.terms detectors"
    " detectors.settings diagnosis diagnosis.kinds editing fixing issues measuring monitoring monitoring.settings"
    " readers recommending release release.gate_terms release.terms retraining.settings reviewing serving"
    " serving.settings splitting starting tables telling training",
    "craft": "dvc_lock pipelines canvas.parting detectors.planting detectors.scores detectors.trees diagnosis.alike"
    " diagnosis.counted diagnosis.datalab diagnosis.groups diagnosis.judged diagnosis.looked diagnosis.mending"
    " diagnosis.pictures diagnosis.properties diagnosis.spurious editing.answers editing.blind editing.checked"
    " editing.consensus editing.edit_lines editing.edits editing.in_time editing.reverts editing.reviewed families"
    " families.atoms"
    " families.characters families.doubt families.found families.patterns families.sampled families.search families.unsure"
    " fixing.controls fixing.noise fixing.recipes fixing.versions issues.confident issues.crowd issues.loading issues.table"
    " measuring.advice measuring.disagreement"
    " measuring.effect measuring.estimates measuring.intervals measuring.online measuring.planning"
    " measuring.questions measuring.scoring measuring.scoring_numbers measuring.slicing measuring.tipping"
    " measuring.verdicts monitoring.alarms monitoring.derived monitoring.drift monitoring.expected"
    " monitoring.measured monitoring.together monitoring.windows readers.mixed_text readers.values"
    " readers.vectors retraining retraining.batch retraining.plan reviewing.agreement reviewing.arms"
    " reviewing.dealing reviewing.heads reviewing.keys reviewing.learning reviewing.neighbours"
    " reviewing.rankings reviewing.shares reviewing.shown reviewing.slices reviewing.standing"
    " reviewing.tickets reviewing.typed serving.answers serving.requests serving.schema splitting.parts"
    " splitting.split_plan splitting.splits splitting.time_folds starting.forecast starting.init"
    " starting.params_file tables.arrays tables.batches tables.columns tables.copies tables.dates"
    " tables.guesses tables.headers tables.labels tables.measures tables.mess tables.messy_cells tables.near"
    " tables.repairs tables.row_ids tables.rows tables.times tables.vote_cells tables.votes training.brought"
    " training.embedding training.fits training.models training.pred_probs training.predicted_numbers"
    " training.predictions_table training.preparation training.skops_file training.transformers",
    "experiment": "canvas.returns canvas.windows detectors.bakeoff detectors.choice detectors.tried editing.annotators"
    " experiments experiments.best_labels experiments.comparison experiments.diff experiments.measured"
    " experiments.moved experiments.pairing experiments.snapshot experiments.table measuring.attribution"
    " measuring.batch_worth measuring.budget measuring.compare measuring.contribution measuring.credit"
    " measuring.fairness measuring.fingerprint measuring.measure measuring.pairs measuring.resampled"
    " measuring.reviews measuring.verified monitoring.asked monitoring.watched release.acceptance"
    " release.calibration release.guards release.judged release.looks release.pace release.record"
    " release.slices reviewing.checking reviewing.meter reviewing.summary training.cells training.fitted",
    "showing": "gallery canvas.drawn canvas.page canvas.told detectors.told diagnosis.told experiments.beside"
    " experiments.board_page experiments.board_shown experiments.page experiments.reviews_shown"
    " experiments.shown families.line families.told monitoring.page monitoring.told plots plots.board"
    " plots.colors plots.forest plots.grid plots.labels plots.numbers plots.sheet plots.watch"
    " recommending.guidance recommending.recommendation recommending.told recommending.transfer release.card"
    " release.told retraining.decision retraining.record reviewing.card_shown reviewing.edits_shown"
    " starting.init_options telling.finding telling.groups_told telling.report telling.scored_twice"
    " telling.story telling.tabled telling.wording",
    "door": "cli closure installed layout locks store workbench canvas.commands canvas.form canvas.reading"
    " detectors.commands detectors.followed detectors.kept detectors.running editing.ledger examples"
    " examples.archive examples.credit examples.images examples.making examples.movie_reviews"
    " experiments.account experiments.asking experiments.board experiments.cache experiments.commands"
    " experiments.crediting experiments.extra experiments.git experiments.here experiments.history"
    " experiments.lever_commands experiments.pages experiments.records experiments.reviewing experiments.run experiments.stale"
    " families.applying families.commands families.kept fixing.evidence fixing.exporting fixing.replaying"
    " fixing.tables_out fixing.version_files measuring.asking measuring.contrasts monitoring.commands"
    " monitoring.kept monitoring.logged readers.arrays readers.csv_file readers.database readers.excel"
    " readers.fetching readers.image_folder readers.json_lines readers.packed readers.parquet_file"
    " readers.query readers.sources recommending.commands release.commands release.folder release.promotion"
    " release.review release.sealed release.trained release.under_load retraining.commands retraining.run"
    " retraining.unfinished reviewing.aside reviewing.commands reviewing.fetched reviewing.ledger_commands"
    " reviewing.patches reviewing.picture_file reviewing.place reviewing.queues reviewing.ranked"
    " reviewing.received reviewing.running reviewing.session reviewing.terminal reviewing.widget"
    " reviewing.worth serving.answering serving.app serving.asked serving.brought_labels serving.commands"
    " serving.counts serving.embeddings serving.limits serving.log_file serving.packaged serving.predicting"
    " serving.remarks serving.server serving.writer starting.into starting.onboarding starting.other_data"
    " starting.template starting.tracking tables.survey training.brought_files training.cell_files"
    " training.keeper training.kept training.learners training.running_trainers",
    "stage": "monitoring.watch release.accept release.gate release.package stages stages.audit stages.compare"
    " stages.diagnose stages.fix stages.ingest stages.report stages.split stages.train stages.validate",
}
FLOOR = {room: floor for floor, rooms in ROOMS.items() for room in rooms.split()} | {"": "vocabulary"}
FOLDERS = {room.partition(".")[0] for room in FLOOR if "." in room}
OWNERS = {
    "cleanlab": {"issues.confident", "issues.crowd", "issues.loading", "issues.table", "diagnosis.datalab"},
    "cleanvision": {"diagnosis.pictures"},
    "datasets": {"diagnosis.pictures"},
    "matplotlib": {room for room in FLOOR if room.split(".")[0] == "plots"},
    "dvc": {room for room, floor in FLOOR.items() if floor == "door"},
    "fastapi": {"serving.app"},
    "uvicorn": {"serving.server"},
    "msgspec": {"serving.asked", "serving.answering"},
    "prometheus_client": {"serving.counts"},
    "starlette": {"serving.app", "serving.answering", "serving.limits"},
    "sqlite3": {"serving.log_file", "serving.writer"},
    "rich": {"telling.tabled"}
    | {f"experiments.{room}" for room in ("shown", "reviews_shown", "board_shown", "commands", "lever_commands")}
    | {f"reviewing.{room}" for room in ("card_shown", "edits_shown", "ledger_commands", "terminal")},
}
# A user's own estimator is found, and a file's place asked, in one craft room; an embedding's folder in another.
MAY_READ = {"training.models": {"read_bytes", "is_file", "rglob"}, "training.embedding": {"is_file", "read_text"}}
OPENS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "to_csv", "to_parquet", "to_json", "to_pickle", "read_csv",
    "read_parquet", "read_json", "read_table", "unlink", "mkdir", "rmdir", "rename", "savefig", "is_file", "exists",
    "save", "savez", "savez_compressed", "tofile", "fromfile", "loadtxt", "savetxt", "rglob", "glob", "iterdir", "urlopen",
}  # fmt: skip
LIBRARY_CLASSES = (
    "training.transformers",
    "training.embedding",
)  # rooms that derive from a heavy library, loaded inside functions only
STAGES = ["ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare", "report"]


def rooms_of(package: Path) -> dict[str, Path]:
    """Return the file of each room; a package is the room of its `__init__.py`, and the front door is ""."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path, package: Path) -> set[str]:
    """Return the dotted names that a file imports when it runs, `from a import b` as both a and a.b."""
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hints = {id(inside) for node in ast.walk(tree) if _only_for_types(node) for inside in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in hints:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively, which import_closure does not follow"
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def faults_of(package: Path, floor: dict[str, str]) -> list[str]:
    """Return a sentence for every room without a floor, import against the arrows, library out of its room, or open file."""
    rooms, faults = rooms_of(package), []
    for room, path in rooms.items():
        if room not in floor:
            faults.append(f"{room} has no floor")
            continue
        level = FLOORS.index(floor[room])
        for name in sorted(imports_of(path, package)):
            library, _, inside = name.partition(".")
            if library == package.name and inside in rooms and inside in floor and FLOORS.index(floor[inside]) > level:
                faults.append(f"{room} ({floor[room]}) imports {inside} ({floor[inside]})")
            if library in OWNERS and room not in OWNERS[library]:
                faults.append(f"{room} imports {library}")
        if floor[room] in ("craft", "experiment", "showing", "vocabulary"):
            faults += [
                f"{room} ({floor[room]}) calls {call}" for call in sorted(opens(path)) if call not in MAY_READ.get(room, set())
            ]
    return sorted(set(faults))


def opens(path: Path) -> set[str]:
    """Return the calls of a file that touch the disk."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in OPENS and not _to_memory(node):
                found.add(name)
    return found


def _to_memory(call: ast.Call) -> bool:
    """Whether `to_csv` and its like return a text, or write into a buffer that is made in the same file."""
    name = getattr(call.func, "attr", "")
    target = call.args[0] if call.args else None
    buffer = isinstance(target, ast.Name) and target.id in ("buffer", "sink")
    return (name in ("to_csv", "to_json") and target is None) or (name in ("savefig", "save") and buffer)


@cache
def pipeline(file: str = "dvc.yaml") -> dict[str, Any]:
    """Return a dvc.yaml with its paths filled in; that of the release borrows those of the pipeline."""
    own = (REPOSITORY / "dvc.yaml").read_text(encoding="utf-8")
    named = next(entry["path"] for entry in parse_yaml(own, "dvc.yaml")["vars"] if "path" in entry)
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    return dict(parse_yaml(re.sub(r"\$\{(?:vars\[0\]\.)?path\.(\w+)\}", lambda found: named[found[1]], text), file))


def outs_of(stage: dict[str, Any]) -> list[str]:
    """Return the paths that a stage writes, its metrics and plots included."""
    listed = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [next(iter(out)) if isinstance(out, dict) else out for out in listed]


def test_every_room_stands_on_a_floor_and_every_arrow_points_down() -> None:
    assert faults_of(PACKAGE, FLOOR) == []


def test_no_floor_is_kept_for_a_room_that_is_gone() -> None:
    assert set(FLOOR) - set(rooms_of(PACKAGE)) == set()


def test_the_page_of_the_house_names_every_room_beside_its_folder() -> None:
    named: dict[str, set[str]] = {}
    for folder, line in re.findall(r"(?m)^\| `(\w+)/?`(.*)$", (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")):
        named.setdefault("" if folder == "ceteris" else folder, set()).update(re.findall(r"`(\w+)`", line))
    named[""] |= set(named) - FOLDERS
    whole = {"plots", "stages"}  # told as folders
    rooms = [room.rpartition(".") for room in FLOOR if room and room not in FOLDERS]
    assert [f"{folder}.{room}" for folder, _, room in rooms if folder not in whole and room not in named.get(folder, ())] == []


def test_a_bad_arrow_a_strange_library_an_open_file_and_a_new_room_are_each_told(tmp_path: Path) -> None:
    package = tmp_path / "ceteris"
    files = {
        "__init__.py": "",
        "errors.py": "from ceteris import splits\n",
        "splits.py": "def read(path):\n    return open(path)\n",
        "cells.py": "import cleanlab.filter\nfrom pathlib import Path\nPath('x').write_text('y')\n",
        "plots/__init__.py": "import matplotlib.pyplot as plt\n",
        "report.py": "from matplotlib import pyplot\nimport ceteris.stages.train\n",
        "store.py": "open('x')\n",
        "stages/__init__.py": "",
        "stages/train.py": "from ceteris import cells, store\nimport dvc.api\n",
        "helpers.py": "",
    }
    for name, content in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(content)
    floor = FLOOR | {"splits": "craft", "cells": "experiment", "report": "showing"}
    assert faults_of(package, floor) == [
        "cells (experiment) calls write_text",
        "cells imports cleanlab",
        "errors (vocabulary) imports splits (craft)",
        "helpers has no floor",
        "report (showing) imports stages.train (stage)",
        "report imports matplotlib",
        "splits (craft) calls open",
        "stages.train imports dvc",
    ]


def test_importing_the_front_door_loads_nothing_heavy_and_does_nothing() -> None:
    heavy = ("numpy", "pandas", "sklearn", "scipy", "matplotlib", "cleanlab", "pyarrow", "dvc", "pydantic")
    program = f"import sys, ceteris; print(sorted(name for name in sys.modules if name in {heavy})); print(dir(ceteris))"
    assert loaded(program).splitlines()[0] == "[]"


def test_importing_any_room_fits_draws_and_seeds_nothing() -> None:
    quiet = sorted(room for room, floor in FLOOR.items() if floor not in ("stage",) and room not in ("", *LIBRARY_CLASSES))
    program = f"""
import importlib, random, sys, threading, warnings
import rich.style  # its import draws the ids of links
before = random.getstate(), warnings.filters[:]
for room in {quiet}:
    importlib.import_module("ceteris." + room)
assert random.getstate() == before[0], "seeded"
assert threading.active_count() == 1, "threads"
print(sorted(name for name in ("sklearn", "cleanlab", "dvc", "skops", "scipy.stats") if name in sys.modules))
"""
    assert loaded(program).strip() == "[]"


def loaded(program: str) -> str:
    """Return what a program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_room_is_named_after_nothing() -> None:
    assert not {"utils", "util", "common", "base", "helpers", "misc", "core"} & {room.split(".")[-1] for room in FLOOR}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_watches_exactly_the_code_that_it_runs(name: str) -> None:
    listed = {dep for dep in pipeline()["stages"][name]["deps"] if dep.startswith("src/")}
    code = {path.relative_to(REPOSITORY).as_posix() for path in import_closure(f"stages.{name}")}
    if name == "report":
        code |= {path.relative_to(REPOSITORY).as_posix() for path in parts_of(PACKAGE / "page/report.html.j2")}
    assert listed == code


def test_the_release_watches_exactly_the_code_that_it_runs_and_borrows_every_path_of_the_pipeline() -> None:
    stages = pipeline("release/dvc.yaml")["stages"]
    assert list(stages) == ["accept", "package", "gate"]
    assert pipeline("release/dvc.yaml")["vars"] == ["../dvc.yaml:vars"]
    made = {out for stage in pipeline()["stages"].values() for out in outs_of(stage)}
    for name, stage in stages.items():
        listed = {dep for dep in stage["deps"] if dep.startswith("src/")}
        assert listed == {path.relative_to(REPOSITORY).as_posix() for path in import_closure(f"release.{name}")}, name
        assert stage["cmd"] == f"PYTHONPATH=src python -m ceteris.release.{name}"
        inside = {dep for dep in stage["deps"] if not dep.startswith(("src/", "release/", "data/edits", "estimators"))}
        assert all(any(f"{dep}/".startswith(f"{out}/") for out in made) for dep in inside), name
        assert all(out.startswith("release/") for out in outs_of(stage))
    sealed = {name for name, stage in stages.items() if any("test.parquet" in dep for dep in stage["deps"])}
    assert sealed == {"accept"}


def test_the_watch_over_exported_windows_watches_exactly_the_code_that_it_runs() -> None:
    stages = pipeline("release/watch/dvc.yaml")["stages"]
    assert list(stages) == ["watch"]
    code = {*import_closure("monitoring.watch"), *parts_of(PACKAGE / "page/monitor.html.j2")}
    listed = {dep for dep in stages["watch"]["deps"] if dep.startswith("src/")}
    assert listed == {path.relative_to(REPOSITORY).as_posix() for path in code}
    assert stages["watch"]["cmd"] == "PYTHONPATH=src python -m ceteris.monitoring.watch"
    assert stages["watch"]["params"] == [{"release/release.yaml": ["monitor"]}]


def test_the_sealed_files_are_named_by_the_guard_and_by_the_one_room_that_opens_them() -> None:
    naming = {room for room, path in rooms_of(PACKAGE).items() if {"test.parquet", "truth-test.parquet"} & texts_of(path)}
    opening = {room for room, path in rooms_of(PACKAGE).items() if "ceteris.store.SEALED" in imports_of(path, PACKAGE)}
    using = {room for room, path in rooms_of(PACKAGE).items() if "ceteris.release.sealed" in imports_of(path, PACKAGE)}
    assert naming == {"store"}
    assert opening == {"release.sealed", "workbench"}  # the workbench refuses by these names
    assert using == {"release.accept", "release.review"}


def parts_of(page: Path) -> set[Path]:
    """Return a page and every file that it is put together from."""
    named = re.findall(r'{%-? *(?:from|include|import|extends) +"([^"]+)"', page.read_text(encoding="utf-8"))
    return {page}.union(*(parts_of(page.with_name(name)) for name in named))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_a_module_a_section_a_command_and_a_sentence(name: str) -> None:
    stage = pipeline()["stages"][name]
    sections = {field.alias or key for key, field in Params.model_fields.items()}
    assert (PACKAGE / f"stages/{name}.py").is_file()
    assert name in sections
    assert stage["cmd"] == f"PYTHONPATH=src python -m ceteris.stages.{name}"
    assert len(stage["desc"]) > 20
    assert name in {str(key).split(".")[0] for key in stage["params"]}


def test_stages_modules_and_sections_are_the_same_eight_in_one_order() -> None:
    modules = {path.stem for path in (PACKAGE / "stages").glob("*.py")} - {"__init__"}
    own = parse_yaml((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), "params.yaml")
    sections = [field.alias or key for key, field in Params.model_fields.items()]
    assert list(pipeline()["stages"]) == STAGES
    assert list(own) == sections == [*STAGES, "review", "detectors"]  # what a person is shown is no stage's business
    assert modules == set(STAGES)


def test_only_split_and_what_comes_before_it_reads_what_will_be_sealed() -> None:
    sealed = ("raw/table.parquet", "raw/truth.parquet", "split/test.parquet", "split/truth-test.parquet")
    readers = {
        name for name, stage in pipeline()["stages"].items() if any(str(dep).endswith(sealed) for dep in stage["deps"])
    }  # fmt: skip
    assert readers == {"validate", "split"}
    later = {"test.parquet", "truth-test.parquet", "table.parquet", "truth.parquet"}
    for name in STAGES[3:]:
        assert not later & texts_of(PACKAGE / f"stages/{name}.py"), name


@pytest.mark.parametrize("name", ["__init__", *STAGES])
def test_no_path_that_dvc_yaml_names_stands_in_a_stage(name: str) -> None:
    named = next(entry["path"] for entry in pipeline()["vars"] if "path" in entry)
    paths = {path for path in named.values() if "/" in path} | {f"{path}/" for path in named.values()}
    for text in texts_of(PACKAGE / f"stages/{name}.py"):
        assert not any(path in text for path in paths), text


def texts_of(path: Path) -> set[str]:
    """Return the string literals of a file, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    return {
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs
    }  # fmt: skip


def test_no_two_stages_write_one_path_and_each_reads_only_what_is_made_before() -> None:
    writer: dict[str, int] = {}
    for place, stage in enumerate(pipeline()["stages"].values()):
        assert not set(writer) & set(outs_of(stage))
        writer |= dict.fromkeys(outs_of(stage), place)
    for place, stage in enumerate(pipeline()["stages"].values()):
        for dep in stage["deps"]:
            assert all(made < place for out, made in writer.items() if f"{dep}/".startswith(f"{out}/")), dep
