"""The history of a repository: what each experiment and commit moved, and what that was worth against its parent.

`history` is the door: it reads revisions from git and the DVC cache. `snapshot`, `moved`, `pairing` and `table` compute.
"""
