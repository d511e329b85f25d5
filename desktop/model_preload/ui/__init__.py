"""Tray and windows. They talk to `downloads`, `core.tasks` and values, and know nothing of one another."""
