"""What the platform's programs are and where they look.

surroundings.py  what decides it: variables, folders, installed packages
places.py        where each engine reads, as rules over those
packages.py      which packages the platform's Python has
dotenv.py        the platform's `.env`
"""
