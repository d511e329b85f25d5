"""What the platform's programs are and where they look.

surroundings.py  what decides it: variables, folders, installed packages
places.py        where each engine reads, as rules over those
packages.py      which packages the platform's Python has
dotenv.py        the platform's `.env`
mineru_json.py   MinerU's own settings
obstacles.py     settings by which engines miss their models; MinerU's are in `obstacles_mineru.py`
proof.py         asks the engines' own code, by `probes/`
formats.py       which files run code when they are loaded
"""
