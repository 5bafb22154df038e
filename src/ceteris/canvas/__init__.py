"""The ML canvas: what a model is for, on one page of ten blocks, checked against what params.yaml and the gate ask."""

from __future__ import annotations
