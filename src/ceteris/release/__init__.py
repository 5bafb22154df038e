"""The release: the sealed test part is opened for one named candidate, and every look at it is counted.

`looks`, `terms` and `acceptance` compute; `accept` is the stage of release/dvc.yaml; only `sealed` opens the test part.
"""
