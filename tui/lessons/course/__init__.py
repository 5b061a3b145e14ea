"""The lessons, one module each; `tui.lessons.catalogue` finds every module that is here."""
