"""gbaindicators."""
