"""Models and runs on disk: archives, checkpoints, and the folder of a run."""
