"""What DVC knows of a repository: objects of its cache, each checked against its own name, and what was not run yet."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from ceteris.errors import BadInputError, IntegrityError
from ceteris.experiments.snapshot import NotCachedError

__all__ = ["Cache"]

Made = TypeVar("Made")
_ROOM = 128 * 2**20  # bytes of tables and predictions that are held at a time


class Cache:
    """The local DVC cache of a repository. A context manager.

    DVC hands a damaged object out as if it were right, so every object that is read here is hashed first.

    Raises
    ------
    BadInputError
        On entering: DVC cannot work here.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open = ExitStack()
        self._made: dict[tuple[Hashable, ...], Any] = {}
        self._held: OrderedDict[tuple[Hashable, ...], tuple[Any, int]] = OrderedDict()

    def __enter__(self) -> Cache:
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        try:
            self._repo = self._open.enter_context(Repo(str(self._root)))
            self._objects = self._repo.cache.local
        except (DvcException, OSError) as error:
            said = str(error).split("\n")[0].rstrip(".")
            raise BadInputError(f"DVC cannot work in {self._root}: {said}.", "Where it never did: dvc init") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def remote(self) -> bool:
        """Whether DVC knows a place that runs can be fetched from."""
        return bool(self._repo.config.get("remote"))

    def not_run(self) -> list[str]:
        """Return the inputs of dvc.yaml's stages that changed in the workspace since these ran; nothing where DVC cannot tell.

        What stages make is left out, and so is what is gone, as in a fresh clone where it never was. (`dvc status` would look
        into the cache too, and remove damaged objects from it.)
        """
        from dvc.dependency import ParamsDependency
        from dvc.exceptions import DvcException

        found: set[str] = set()
        try:
            ours = (self._root / "dvc.yaml").resolve()
            stages = [stage for stage in self._repo.index.stages if Path(stage.path).resolve() == ours]
            made = {str(out) for stage in stages for out in stage.outs}
            deps = [dep for stage in stages for dep in stage.deps]
            params = [dep for dep in deps if isinstance(dep, ParamsDependency)]
            for path, keys in (told for dep in params for told in dep.workspace_status().items()):
                found |= {path} if isinstance(keys, str) else {f"{path}: {key.split('.')[0]}" for key in keys}
            files = {str(dep): dep for dep in deps if dep not in params and str(dep) not in made}
            found |= {path for path, dep in files.items() if dep.exists and dep.changed_checksum()}
        except (DvcException, OSError):
            return []
        return sorted(found)

    def read(self, md5: str, whose: str, bring: str) -> bytes:
        """Return the content of an object.

        Parameters
        ----------
        whose, bring : the revision that it belongs to, and the command that brings it, for the refusals

        Raises
        ------
        NotCachedError
            The object is not there.
        IntegrityError
            It is not what was stored.
        """
        path = Path(self._objects.oid_to_path(md5))
        try:
            content = path.read_bytes()
        except OSError:
            told = f"What {whose} made is not in the DVC cache ({md5[:8]})."
            raise NotCachedError(told, f"Bring it with {bring}.", remote=self.remote) from None
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5.removesuffix(".dir"):
            raise IntegrityError(
                f"An object of {whose} in the DVC cache is not what was stored: {path}.",
                f"Remove it (rm -f {shlex.quote(str(path))}), then bring it with {bring}.",
            )
        return content

    def folder(self, md5: str, whose: str, bring: str) -> dict[str, str]:
        """Return the md5 of each file of a folder, by its path in the folder."""
        return self.once(
            ("folder", md5),
            lambda: {entry["relpath"]: entry["md5"] for entry in json.loads(self.read(md5, whose, bring))},
        )

    def once(self, key: tuple[Hashable, ...], make: Callable[[], Made]) -> Made:
        """Return what `make` makes, made once a key."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def lately(
        self, key: tuple[Hashable, ...], make: Callable[[], Made], size: Callable[[Made], int], room: int = _ROOM
    ) -> Made:
        """Return what `make` makes, made anew where it would take too much room to hold all that was made since.

        Parameters
        ----------
        size : returns the bytes of what was made
        room : int
            Bytes that all of these may take; what was not asked for longest goes first.
        """
        if key not in self._held:
            fresh = make()
            self._held[key] = fresh, size(fresh)
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(bytes for _, bytes in self._held.values()) > room:
            self._held.popitem(last=False)
        made: Made = self._held[key][0]
        return made
