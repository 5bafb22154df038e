"""A packaged model behind HTTP: what it takes, what it answers, and a log of every inference.

`schema` computes; `packaged` opens a package, after its manifest was checked.
"""
