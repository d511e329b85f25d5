"""What the program can do, one module per use case: plan, preload, status. Front ends call these."""
