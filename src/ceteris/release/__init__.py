"""The release: the sealed test part is opened for one named candidate, and every look at it is counted.

`looks`, `terms`, `acceptance` and `record` compute; `accept` is the stage of release/dvc.yaml; `sealed` alone opens the part.
"""
