"""Code that runs in the platform's Python, never in ours: each probe asks one engine's own code where it would read.

A probe is read as text and handed to that Python by `core.engines.proof`. It has one function, `resolve(name)`, that
returns the path or raises; it uses the standard library and the engine, nothing of this program.

_run.py          what all have in common: closes the network, keeps the engine's prints apart, writes the answer
mineru.py        the paths of a repository's files
paddlex.py       the folder of a model, and whether PaddleX can read what is in it
funasr.py        the same of FunASR
simple_lama.py   the file that would be loaded
"""
