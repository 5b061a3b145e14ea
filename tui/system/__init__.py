"""What the program needs of the operating system: signals, terminal, cores, exit codes."""
