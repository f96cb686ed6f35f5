"""`python -m openprime` is `openprime`."""

from openprime.cli import main

main()
