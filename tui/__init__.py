"""The terminal: the command line and the Textual application. It imports `nn`, never the other way round."""
