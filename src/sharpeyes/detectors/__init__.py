"""Pixels to findings: motion, stationary vehicles, picture quality. No I/O, no clock."""
