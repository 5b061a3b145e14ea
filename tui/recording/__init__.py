"""Recording a run as it happens, and resuming it."""
