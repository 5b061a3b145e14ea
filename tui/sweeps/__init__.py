"""Sweeps: many trials of one experiment, on the cores of this machine or on a cluster."""
