"""The table of faults: what is done, how the program may end, and what may be fetched in vain."""

from reliability import answers, changes, connections, hostile

CASES = (*connections.CASES, *changes.CASES, *answers.CASES, *hostile.CASES)
