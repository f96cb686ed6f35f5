"""The broker assembled: configuration, start, recovery, serving, stop."""
