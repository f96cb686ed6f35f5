"""The frames of clients, cut out of what comes over the line.

Nearly all that clients send is a text in one whole frame, which is read here. Everything else
(pieces of messages, control frames, whatever is wrong) is only cut out, for the websockets library
to judge.
"""

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # not in __all__

# A whole text, and the bit that says that a frame is masked, as every client's must be.
_WHOLE_TEXT = 0x81
_MASKED = 0x80
_MASK_BYTES = 4
# A length of at least this stands in two bytes of its own, or in eight.
_LONG, _LONGER = 126, 127
_HEAD_BYTES_MAX = 14


def frame_end(data: bytes | bytearray, begin: int) -> int | None:
    """Where the frame that begins here ends, be it there already or not; None while its head is
    not whole.
    """
    have = len(data) - begin
    if have < 2:
        return None
    length, masked = data[begin + 1] & ~_MASKED, data[begin + 1] & _MASKED
    head = 2
    if length >= _LONG:
        head = 4 if length == _LONG else 10
        if have < head:
            return None
        length = int.from_bytes(data[begin + 2 : begin + head], "big")
    return begin + head + (_MASK_BYTES if masked else 0) + length


def plain_text(frame: bytes) -> str | None:
    """The text of a frame that is a whole one; None where it is anything else."""
    length = frame[1] ^ _MASKED
    if frame[0] != _WHOLE_TEXT or length >= _LONGER:
        return None
    mask_at = 2 if length < _LONG else 4
    body_at = mask_at + _MASK_BYTES
    try:
        return str(apply_mask(frame[body_at:], frame[mask_at:body_at]), "utf-8")
    except UnicodeDecodeError:
        return None


class Cutter:
    """Cuts whole frames. One of more than `bytes_max` is not waited for, but given as it is."""

    __slots__ = ("_begun", "_bytes_max", "_whole_at")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max + _HEAD_BYTES_MAX
        # The beginning of a frame, and how long it must be for one more look at it.
        self._begun = bytearray()
        self._whole_at = 0

    def cut(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes."""
        if self._begun:
            self._begun += data
            if len(self._begun) < self._whole_at:
                return []
            data = bytes(self._begun)
            self._begun.clear()
        end = frame_end(data, 0)
        if end == len(data):
            return [data]
        frames, begin = [], 0
        while end is not None and end <= len(data):
            frames.append(data[begin:end])
            begin, end = end, frame_end(data, end)
        if end is not None and end - begin > self._bytes_max:
            frames.append(data[begin:])
        elif begin < len(data):
            self._begun += data[begin:]
            self._whole_at = 0 if end is None else end - begin
        return frames
