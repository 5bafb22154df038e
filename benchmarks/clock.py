"""Laid into a clone as src/sitecustomize.py: each stage's process then notes what its imports and its fits took."""

import atexit
import builtins
import json
import os
import sys
import time

_begun = time.perf_counter()
_spent = {"imports": 0.0, "fits": 0.0}
_import = builtins.__import__
_depth = 0


def _clocked_import(*args, **kwargs):
    global _depth
    if _depth:
        return _import(*args, **kwargs)
    _depth, started = 1, time.perf_counter()
    try:
        return _import(*args, **kwargs)
    finally:
        _depth = 0
        _spent["imports"] += time.perf_counter() - started
        _clock_fits()


def _clock_fits():
    fits = getattr(sys.modules.get("ceteris.training.fits"), "Fits", None)
    if fits is not None and not hasattr(fits, "clocked"):
        fits.clocked, iterate = True, fits.__iter__

        def clocked(self):
            steps, imported = iterate(self), _spent["imports"]
            while True:
                started, imported = time.perf_counter(), _spent["imports"]
                step = next(steps, None)
                # An import inside a fit is told as an import.
                _spent["fits"] += time.perf_counter() - started - (_spent["imports"] - imported)
                if step is None:
                    return
                yield step

        fits.__iter__ = clocked


def _note():
    stage = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    with open(os.environ["CETERIS_BENCH_TIMES"], "a", encoding="utf-8") as log:
        log.write(json.dumps({"stage": stage, "process": time.perf_counter() - _begun, **_spent}) + "\n")


if "CETERIS_BENCH_TIMES" in os.environ:
    builtins.__import__ = _clocked_import
    atexit.register(_note)
