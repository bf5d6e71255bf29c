"""The schema of every table, and the checks across tables."""
