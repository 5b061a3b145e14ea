"""Plain classes behind the screens, without widgets."""
