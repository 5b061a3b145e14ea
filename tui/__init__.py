"""The terminal: the command line and the Textual application, both on top of `nn`."""
