"""How fast it is, each number beside the limit that the same machine gave in the same run: `python -m devkit.bench`."""
