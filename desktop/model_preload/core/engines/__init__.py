"""What the platform's programs are and where they look. So far: which packages its Python has."""
