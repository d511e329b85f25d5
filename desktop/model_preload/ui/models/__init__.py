"""Item models of the windows, and what their cells say as pure functions."""
