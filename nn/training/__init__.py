"""Training: optimizers, schedules, the step, and the trainer, an iterator of events."""
