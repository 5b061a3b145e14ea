"""The operating system as the program uses it: signals, terminal, cores, exit codes."""
