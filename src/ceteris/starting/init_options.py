"""The lines of `ingest` that a refusal names, as the options of `ceteris init` that say the same."""

from __future__ import annotations

import re

__all__ = ["OPTIONS", "options_of"]

OPTIONS = {  # a key of `ingest`, and its option where the two are called otherwise
    "part": "--split-column",
    "drop": "--drop COLUMN",
    "kinds": "--kind COLUMN=KIND",
    "annotators": "--annotator COLUMN",
    "fallback_encoding": "--repair encoding",
    "id_width": "--repair ids",
    **{key: f"--repair {key}" for key in ("header_rows", "sentinels", "units", "decimal")},
    **{key: f"--repair {key}" for key in ("duplicates", "conflicting", "rare_classes")},
    **{
        key: f"--{key.replace('_', '-')}"
        for key in (
            "label", "id", "true_label", "group", "time", "time_format", "verified", "delimiter", "encoding", "sheet", "dates",
            "features", "features_ids", "image_size", "image_mode", "unreadable", "unlabelled", "normalise", "infinite",
            "label_type", "votes", "given",
        )
    },
}  # fmt: skip
_LINE = re.compile(r"`ingest\.(\w+)(?:: ([^`]+))?`")


def options_of(refusal: str) -> str:
    """Return the options that say what the lines named in a refusal say, in its order; "" where none does.

    A key that is not marked as one tells what was read, and is no advice.

    Examples
    --------
    >>> options_of("Label them, or leave them out: params.yaml `ingest.unlabelled: drop`.")
    'As options of `ceteris init`: --unlabelled drop.'
    """
    named = dict.fromkeys(_option(key, value) for key, value in _LINE.findall(refusal) if key in OPTIONS)
    return f"As options of `ceteris init`: {', '.join(named)}." if named else ""


def _option(key: str, value: str) -> str:
    option = OPTIONS[key]
    if value == "null":
        return f"no {option.split()[0]}"
    return option if " " in option else f"{option} {value}".rstrip()
