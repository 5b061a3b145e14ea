"""The variables by which a process that starts is told how many threads its products may use."""

# The libraries beneath NumPy read these variables when they are loaded.
THREAD_VARIABLES = tuple(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL", "BLIS"))
