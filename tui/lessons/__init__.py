"""The course: short lessons, each one idea, with a picture that the reader moves; no Textual."""
