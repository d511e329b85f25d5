"""Code that runs in the platform's Python, never in ours: each probe asks one engine's own code.

A probe is read as text and handed to that Python by `core.engines.proof`; it uses the standard library and the engine,
nothing of this program. It has `resolve(name)`, which returns the path where the engine would read and loads nothing,
and `load(name)`, which has the engine's own entry point load the weights; each in a process of its own, and each raises
what the engine raises. `version()` is there where no package has one.

_run.py          what all have in common: closes the network, keeps the engine's prints apart, writes the answer
mineru.py        the paths of a repository's files
paddlex.py       the folder of a model, and whether PaddleX can read what is in it
funasr.py        the same of FunASR
simple_lama.py   the file that would be loaded
watermark.py     the same of the platform's own watermark remover
"""
