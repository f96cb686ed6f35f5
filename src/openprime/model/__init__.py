"""The field's vocabulary as plain values. No I/O, no clock, nothing of ours imported."""
