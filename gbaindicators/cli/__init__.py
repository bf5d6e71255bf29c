"""The command line ``gba``: the package's functions as commands, with exit codes and logs for schedulers."""
