"""One module a command: what it takes and prints. Heavy imports wait until the command runs."""
