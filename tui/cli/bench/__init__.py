"""Timing this machine beside other libraries."""
