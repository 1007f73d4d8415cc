"""Ours and Segment's published packages on the same inputs, alternately, in one run."""
