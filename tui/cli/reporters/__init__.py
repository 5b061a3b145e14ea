"""How a headless run is shown: as lines, as lines above a bar, as JSON Lines, or not at all."""
