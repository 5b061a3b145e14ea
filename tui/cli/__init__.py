"""The command line: parser, flags, headless runs, and one module for each command."""
