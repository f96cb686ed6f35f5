"""`python -m openprime.simulation`."""

from openprime.simulation.command import main

if __name__ == "__main__":
    main()
