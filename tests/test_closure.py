"""Which of our own files a module runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceteris.closure import PACKAGE, code_fingerprint, first_party_imports, import_closure, library_versions


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "top.py": "import os\nfrom toy import low\nfrom toy.deep.inner import thing\n",
        "low.py": "def late():\n    from toy import lazy\n",
        "lazy.py": "import numpy\n",
        "other.py": "",
        "deep/__init__.py": "import toy.other\n",
        "deep/inner.py": "thing = 1\n",
    }
    for name, content in files.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "toy"


def names(paths: object) -> list[str]:
    return sorted("/".join(path.parts[path.parts.index("toy") + 1 :]) for path in paths)  # type: ignore[attr-defined]


def test_a_closure_follows_imports_at_the_top_inside_functions_and_the_packages_above(package: Path) -> None:
    assert names(import_closure("top", package)) == [
        "__init__.py", "deep/__init__.py", "deep/inner.py", "lazy.py", "low.py", "other.py", "top.py",
    ]  # fmt: skip


def test_a_module_that_imports_nothing_of_ours_runs_itself_and_its_package(package: Path) -> None:
    assert names(import_closure("lazy", package)) == ["__init__.py", "lazy.py"]


def test_one_file_names_what_it_imports_and_no_more(package: Path) -> None:
    assert names(first_party_imports(package / "low.py", package)) == ["__init__.py", "lazy.py"]


def test_the_closure_holds_everything_that_a_stage_really_loads() -> None:
    import subprocess
    import sys

    program = "import sys, ceteris.stages.split; print(*[m.__file__ for n, m in sys.modules.items() if 'ceteris' in n])"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True
    )
    assert {Path(name) for name in done.stdout.split()} <= set(import_closure("stages.split"))


def test_the_code_of_one_stage_is_not_that_of_another() -> None:
    assert code_fingerprint("stages.train") != code_fingerprint("stages.audit")
    assert code_fingerprint("stages.train") == code_fingerprint("stages.train")


def test_the_versions_that_a_fit_depends_on_are_known() -> None:
    versions = library_versions()
    assert set(versions) == {"python", "numpy", "scipy", "scikit-learn", "pandas"}
    assert "unknown" not in versions.values()
