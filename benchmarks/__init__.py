"""Measurements against the figures that are promised, and against references in the same run."""
