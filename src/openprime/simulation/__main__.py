"""`python -m openprime.simulation`: run seeds, and say what was found."""

import sys

from openprime.simulation.command import main

if __name__ == "__main__":
    sys.exit(main())
