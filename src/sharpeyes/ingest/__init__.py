"""What comes in from cameras: sampled frames, looked at and turned into events."""
