"""The recording that the simulator makes for itself reads like one of a venue."""

from pathlib import Path

from openprime.market.events import DepthSnapshot, MarketTrade
from openprime.market.recording import Recording
from openprime.simulation.rules import RECORDED, small_reference
from openprime.simulation.tape import SECONDS, put_tape


def test_a_tape_is_a_recording_without_gaps(tmp_path: Path) -> None:
    replay = put_tape(tmp_path)
    assert replay.sym == RECORDED
    recording = Recording(replay.files, small_reference().instruments[RECORDED])
    events = list(recording.events())
    assert recording.gaps == 0
    assert isinstance(events[0], DepthSnapshot)
    assert any(isinstance(event, MarketTrade) for event in events)
    assert (SECONDS - 1) * 1000 < recording.last_ms - recording.first_ms <= SECONDS * 1000


def test_every_tape_is_the_same(tmp_path: Path) -> None:
    first = put_tape(tmp_path).files[0].read_bytes()
    assert put_tape(tmp_path).files[0].read_bytes() == first
