"""The pictures of the study notes: what each shows, computed once, for a terminal or a file."""
