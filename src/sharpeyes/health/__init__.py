"""Are the cameras well: probes, the rules that judge them, transitions."""
