"""The first script of both programs: their modules lie in one archive beside them, not once in each.

PyInstaller would put an archive of its own into every program, and both would be the same 8 MB. Where its importer
looks is a variable that the bootloader sets; this runs after that and before the importer is installed.
"""

import sys

vars(sys)["_pyinstaller_pyz"] = vars(sys)["_MEIPASS"] + "\\programs.pyz"
