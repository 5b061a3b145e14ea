"""Sweeps: many runs of varied configurations, on this machine or on a cluster, and what they show together."""
