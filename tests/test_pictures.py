"""The pictures of the documents are what the desk does today."""

from collections.abc import Callable

import pytest

from scripts.make_pictures import OUT, PICTURES


@pytest.mark.parametrize(("name", "draw"), PICTURES.items(), ids=PICTURES)
def test_a_picture_shows_the_running_code(name: str, draw: Callable[[], str]) -> None:
    drawn = (OUT / name).read_text()
    assert drawn == draw(), "run: python scripts/make_pictures.py"
