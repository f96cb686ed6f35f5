"""What a start's command line makes of the API's settings."""

from __future__ import annotations

import msgspec
import pytest

from openprime.api.settings import ApiSettings
from openprime.server.assembly import api_settings
from openprime.server.config import FileConfig, Limits, ServerConfig


@pytest.mark.parametrize(
    ("limits", "asked", "found"),
    [
        (Limits.OFF, None, 0),
        (Limits.PRODUCTION, None, 20),
        (Limits.CONTEST, None, 20),
        (Limits.OFF, 5, 5),
        (Limits.PRODUCTION, 0, 0),
    ],
)
def test_after_how_many_bad_signatures_a_key_freezes(
    limits: Limits, asked: int | None, found: int
) -> None:
    settings = msgspec.structs.replace(ApiSettings(), freeze_after_bad_signatures=asked)
    config = ServerConfig(limits=limits, file=FileConfig(api=settings))
    assert api_settings(config).freeze_after_bad_signatures == found
