"""Files and ancestors as git holds them, through git itself: one process answers for every file of every revision."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from ceteris.errors import BadInputError

__all__ = ["Commit", "Git"]


@dataclass(frozen=True)
class Commit:
    """A commit that changed a file: its hash, its time, and the nearest ancestor that changed it too, or ""."""

    rev: str
    time: float
    parent: str


class Git:
    """What git knows below a folder; paths are relative to that folder. A context manager.

    Raises
    ------
    BadInputError
        On entering: the folder is in no git repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.nearest = cache(self._nearest)
        self._below = cache(self._listed)

    def __enter__(self) -> Git:
        self._run("rev-parse", "--git-dir")
        self._batch = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._batch.communicate()

    def file(self, rev: str, path: str) -> bytes | None:
        """Return the content of a file at a revision, or None where it is not there."""
        _, kind, content = self._asked(f"{rev}:./{path}")
        return content if kind == "blob" else None

    def files(self, rev: str, folder: str) -> list[str]:
        """Return the paths of the files below a folder at a revision."""
        tree, kind, _ = self._asked(f"{rev}:./{folder}")
        return [f"{folder}/{path}" for path in self._below(tree)] if kind == "tree" else []

    def only_elsewhere(self, rev: str, other: str) -> bool:
        """Return whether all that two revisions differ in lies outside of this folder."""
        (whole, here), (others, there) = ([self._asked(f"{one}:{at}")[0] for at in ("", "./")] for one in (rev, other))
        return whole != others and here == there

    def _listed(self, tree: str) -> list[str]:
        told = self._run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
        return [path for path in told.split("\0") if path]

    def _asked(self, name: str) -> tuple[str, str, bytes]:
        """Return the hash, the kind and the content of an object, all empty where there is none of that name."""
        if "\n" in name or ".." in PurePosixPath(name).parts:
            return "", "", b""  # either would end the talk with git: questions are lines, and all that is outside is fatal
        asked, answers = self._batch.stdin, self._batch.stdout
        assert asked is not None
        assert answers is not None
        asked.write(f"{name}\n".encode())
        asked.flush()
        head = answers.readline().decode().split()
        if len(head) != 3 or not head[2].isdigit():
            return "", "", b""
        content = answers.read(int(head[2]))
        answers.read(1)
        return head[0], head[1], content

    def commits(self, path: str, also: Iterable[str] = ()) -> list[Commit]:
        """Return the commits that changed a file, along first parents from HEAD, each local branch, and these hashes."""
        tips = [rev for rev in (self.resolve("HEAD"), *also) if rev]
        how = ("--ignore-missing", "--first-parent", "--parents", "--timestamp")
        told = self._run("rev-list", *how, "--branches", *tips, "--", path)
        lines = [line.split() for line in told.splitlines()]
        return [Commit(line[1], float(line[0]), line[2] if len(line) > 2 else "") for line in lines]

    def _nearest(self, rev: str, path: str) -> str:
        """Return the nearest commit at or above a revision that changed a file, or ""; asked of git once."""
        return self._run("rev-list", "-1", "--first-parent", rev, "--", path, check=False).strip()

    def refs(self, below: str) -> dict[str, tuple[str, float]]:
        """Return the hash and the time of each reference below a name."""
        told = self._run("for-each-ref", "--format=%(refname)%09%(objectname)%09%(committerdate:unix)", below)
        lines = [line.split("\t") for line in told.splitlines()]
        return {name: (rev, float(time or 0)) for name, rev, time in lines}

    def branch(self) -> str:
        """Return the name of the current branch, or "" where HEAD is detached."""
        return self._run("branch", "--show-current").strip()

    def author(self) -> str:
        """Return who would make a commit here, as "name <address>", or "" where git does not know."""
        return self._run("var", "GIT_AUTHOR_IDENT", check=False).rsplit(" ", 2)[0].strip()

    def changed(self, *, beside: str) -> list[str]:
        """Return the paths that are not as HEAD holds them, new files included, but for those below `beside`."""
        told = self._run("status", "--porcelain", "-z", "--no-renames", "--", ".", f":(exclude){beside}")
        below = self.place()[1]
        return [line[3:].removeprefix(below) for line in told.split("\0") if line]

    def stage(self, path: str) -> None:
        """Stage a file, so that `git checkout .` brings this very state of it back; nothing is said where that fails."""
        self._run("add", "--", path, check=False)

    def unknown(self, *paths: str) -> list[str]:
        """Return the files at or below some paths that git neither keeps nor is told to ignore."""
        told = self._run("ls-files", "--others", "--exclude-standard", "-z", "--", *paths)
        return [path for path in told.split("\0") if path]

    def ignores(self, path: str) -> bool:
        """Return whether git is told to ignore a path; a folder's ends with a slash."""
        return bool(self._run("check-ignore", "--", path, check=False).strip())

    def state(self) -> str:
        """Return the hash of a tree that holds every file git keeps as it is now, with neither index nor files touched."""
        index = self._root / self._run("rev-parse", "--git-path", "index").strip()
        with tempfile.TemporaryDirectory() as folder:
            own = Path(folder) / "index"
            if index.is_file():
                shutil.copyfile(index, own)
            beside = {"GIT_INDEX_FILE": str(own)}
            self._run("add", "--update", ":/", also=beside)
            return self._run("write-tree", also=beside).strip()

    def place(self) -> tuple[Path, str]:
        """Return the top folder of the repository, and the path of this one below it, which is "" or ends with a slash."""
        top, below = self._run("rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
        return Path(top), below

    def shallow(self) -> bool:
        """Return whether older commits were left out when this was cloned."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == "true"

    def resolve(self, name: str) -> str:
        """Return the hash that a name stands for, or ""."""
        return self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False).strip()

    def _run(self, *words: str, check: bool = True, also: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self._root,
            env=os.environ | (also or {}),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if check and done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BadInputError(
                f"git {words[0]} failed in {self._root}: {said.rstrip('.')}.",
                "Where there is no repository yet: git init && dvc init && git add -A && git commit",
            )
        return done.stdout
