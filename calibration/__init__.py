"""The full study of how often ceteris errs: worlds whose answer is known, 1000 of each kind, and the table that docs show.

`make calibrate` runs it, goes on where it was stopped, and writes docs/calibration.md and its figure. tests/test_calibration.py
runs the first worlds of the same scenarios. `worlds` draws rows and trains learners; `nulls`, `gains`, `noisy`, `power`,
`history` and `kinds` each hold one question; `study` counts.
"""
