"""Several processes that compute one run. Nothing here is needed to understand the mathematics."""
