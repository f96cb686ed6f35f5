"""The simulator: the real broker against a world that is drawn from one seed.

    Simulation   a run of a seed: `run` gives its Outcome
    Outcome      what was found, with the digest of the trace
    STEPS        in `steps`: what can happen
    EACH_STEP, AT_REST   in `checks`: what must hold

Everything of the broker is the code that is served: the ASGI application, the sockets, the limiter,
the sequencer, the desk, the store on SQLite, the simulated exchange, the feeds. Beneath and around
it stand things that obey a script: an event loop with a time of its own (`loop`), a disk in memory
under SQLite (`disk`, `sqlite_disk`), lines of bytes to the clients' sockets (`transport`, `port`,
`peer`) and a slow way for requests (`network`). What only a machine can do goes wrong there; all
else goes wrong by the broker's own faults, which operators arm (`faults`). So a second costs what
happens in it, the process may end at any await and at any write, and a run is its seed: byte by
byte the same, as often as one likes.

Why at this seam and not at another? A fake store would be quicker than SQLite on a fake disk; but
what is kept after a torn write is SQLite's doing, and is what must be tested. A real loop with a
patched clock would do for the time; but only a loop of our own can be stopped between any two
callbacks and dropped as it is. Sockets are simulated down to their bytes, for their frames are our
own to read and write; HTTP proper is left to the tests of the edge: ASGI is where its bytes become
requests.

The desk draws nothing. Steps draw from a stream each, so that a run without some of its steps draws
the rest as before: that is how a failure is made shorter.
"""

from openprime.simulation.outcome import Outcome
from openprime.simulation.simulation import Simulation

__all__ = ["Outcome", "Simulation"]
