"""What a start is told, and the one line that says what is wrong with it."""

from decimal import Decimal
from pathlib import Path

import pytest

from openprime.api.settings import AdminSettings
from openprime.server.config import (
    ConfigError,
    FileConfig,
    data_folder,
    default_data_folder,
    parse_replay,
    read_file,
)


def test_memory_keeps_nothing_and_no_name_means_the_user_s_folder() -> None:
    assert data_folder(":memory:") is None
    assert data_folder(None) == default_data_folder()
    assert data_folder("/x/y") == Path("/x/y")


def test_a_replay_names_files_and_a_symbol() -> None:
    replay = parse_replay("a.gz,b.gz=BINANCE_PERP_BTC_USDT")
    assert replay.sym == "BINANCE_PERP_BTC_USDT"
    assert replay.files == (Path("a.gz"), Path("b.gz"))


@pytest.mark.parametrize("text", ["a.gz", "=SYM", "a.gz="])
def test_a_replay_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_replay(text)
    assert str(caught.value) == (
        f"--replay: expected FILE[,FILE...]=SYM, found {text!r}; "
        "for example recording.gz=BINANCE_PERP_BTC_USDT"
    )


def test_without_a_file_everything_is_as_specified() -> None:
    assert read_file(None) == FileConfig()


def test_a_file_sets_what_it_names_exactly(tmp_path: Path) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text("[desk]\nmargin_call_uni_mmr = 1.6\nbroker_max_leverage = 0\n")
    desk = read_file(path).desk
    assert desk.margin_call_uni_mmr == Decimal("1.6")
    assert desk.broker_max_leverage == 0
    assert desk.takeover_uni_mmr == FileConfig().desk.takeover_uni_mmr


def test_the_operator_s_door(tmp_path: Path) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text("[admin]\nremote = true\n")
    assert FileConfig().admin == AdminSettings(enabled=True, remote=False)
    assert read_file(path).admin == AdminSettings(enabled=True, remote=True)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    assert str(caught.value) == (
        f"--config: expected a readable file at {path}, found: No such file or directory"
    )


def test_an_unknown_section(tmp_path: Path) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text("[dsk]\n")
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    assert str(caught.value) == f"--config: {path}: Object contains unknown field `dsk`"


def test_an_unknown_setting(tmp_path: Path) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text("[desk]\nleverage = 3\n")
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    assert str(caught.value) == (
        f"--config: {path}: Object contains unknown field `leverage` - at `$.desk`"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[desk]\nbroker_max_leverage = -1\n",
            "Expected a value at or above 0 - at `$.desk.broker_max_leverage`",
        ),
        (
            "[desk]\ntransfer_delay_ms = 9000000000000000000\n",
            "Expected a value at or below 1000000000000000 - at `$.desk.transfer_delay_ms`",
        ),
        (
            "[desk]\ntakeover_uni_mmr = 9\n",
            "Expected margin_call > cancel_open > cancel_all > liquidating > takeover > 0 - at "
            "`$.desk`",
        ),
        (
            '[desk]\nleverage_blocked_by_orders = ["FOO"]\n',
            "Expected exchanges (BINANCE, OKX, EDX), found FOO - at "
            "`$.desk.leverage_blocked_by_orders`",
        ),
        (
            '[desk]\ndefault_position_mode = "HEDGE"\n',
            "Invalid enum value 'HEDGE' - at `$.desk.default_position_mode`",
        ),
        (
            '[api]\ntrusted_proxies = ["x"]\n',
            "Expected addresses or networks, found 'x' - at `$.api.trusted_proxies`",
        ),
        (
            "[api]\nnonce_skew_s = -1\n",
            "Expected a value at or above 0 - at `$.api.nonce_skew_s`",
        ),
        (
            "[venue]\nrequest_latency_ms = -1\n",
            "Expected `int` >= 0 - at `$.venue.request_latency_ms`",
        ),
    ],
)
def test_values_that_make_no_sense(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "openprime.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    assert str(caught.value) == f"--config: {path}: {told}"
