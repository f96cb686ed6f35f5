"""The four words of the section `catalog`, and what follows them."""

from pathlib import Path

import pytest

from openprime.api.settings import ApiSettings
from openprime.desk.settings import DeskSettings
from openprime.server.config import ConfigError, read_file
from openprime.server.profiles import FOLLOWING, CatalogSettings


def written(folder: Path, text: str) -> Path:
    path = folder / "openprime.toml"
    path.write_text(text)
    return path


def test_without_words_nothing_follows() -> None:
    catalog = CatalogSettings()
    assert catalog.api(ApiSettings()) == ApiSettings()
    assert catalog.desk(DeskSettings()) == DeskSettings()


@pytest.mark.parametrize(
    ("line", "api", "desk"),
    [
        ('messages = "latest"', {"newest_messages": True}, {"newest_messages": True}),
        ('status_mode = "strict"', {"strict_status": True}, {}),
        ('client_order_id = "strict"', {"strict_client_order_ids": True}, {}),
        ('ws_errors = "generic"', {"generic_socket_errors": True}, {}),
        ('messages = "seed"\nstatus_mode = "ok200"', {}, {}),
        ('client_order_id = "lenient"\nws_errors = "specific"', {}, {}),
    ],
)
def test_each_word(tmp_path: Path, line: str, api: dict[str, bool], desk: dict[str, bool]) -> None:
    catalog = read_file(written(tmp_path, f"[catalog]\n{line}\n")).catalog
    assert catalog.api(ApiSettings()) == ApiSettings(**api)  # type: ignore[arg-type]
    assert catalog.desk(DeskSettings()) == DeskSettings(**desk)  # type: ignore[arg-type]


def test_another_word_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, '[catalog]\nmessages = "newest"\n')
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    told = f"--config: {path}: Invalid enum value 'newest' - at `$.catalog.messages`"
    assert str(caught.value) == told


@pytest.mark.parametrize(("section", "name"), FOLLOWING)
def test_what_follows_has_no_place_of_its_own(tmp_path: Path, section: str, name: str) -> None:
    path = written(tmp_path, f"[{section}]\n{name} = true\n")
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    profile = FOLLOWING[section, name]
    assert str(caught.value) == (
        f"--config: {path}: Expected `{profile}` in the section `catalog`, which sets this - at "
        f"`$.{section}.{name}`"
    )
