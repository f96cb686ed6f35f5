"""What a server is started with: the command line over a configuration file over defaults."""

import ipaddress
import tomllib
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs

from openprime.api.settings import AdminSettings, ApiSettings
from openprime.desk.settings import DeskSettings, check
from openprime.server.profiles import FOLLOWING, CatalogSettings
from openprime.store.database import Durability

MEMORY = ":memory:"


class ConfigError(Exception):
    """A start that cannot be: the message is the one line that the operator reads."""


class Limits(StrEnum):
    OFF = "off"
    PRODUCTION = "production"
    CONTEST = "contest"


class VenueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far away the simulated exchange is, in ms each way."""

    request_latency_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    report_latency_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0


class MarketSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often marks and indexes reach the desk, in ms of market time."""

    mark_interval_ms: Annotated[int, msgspec.Meta(ge=100, le=60_000)] = 1000


class FileConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sections of a configuration file."""

    desk: DeskSettings = DeskSettings()
    api: ApiSettings = ApiSettings()
    catalog: CatalogSettings = CatalogSettings()
    venue: VenueSettings = VenueSettings()
    market: MarketSettings = MarketSettings()
    admin: AdminSettings = AdminSettings()


class Replay(msgspec.Struct, frozen=True):
    """A recorded symbol and the files that make its stream, in their order."""

    sym: str
    files: tuple[Path, ...]


class ServerConfig(msgspec.Struct, frozen=True):
    """All that a server needs to know. `data` None keeps nothing; `speed` 0 is without pause."""

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path | None = None
    replays: tuple[Replay, ...] = ()
    synthetic: bool = True
    speed: Decimal = Decimal(1)
    seed: int = 1
    limits: Limits = Limits.OFF
    durability: Durability = Durability.FSYNC
    ready_file: Path | None = None
    file: FileConfig = FileConfig()


def default_data_folder() -> Path:
    """The folder of this user in which a broker lives unless told otherwise."""
    return Path(platformdirs.user_data_dir("openprime"))


def data_folder(text: str | None) -> Path | None:
    """The data folder that an argument names; None for one that keeps nothing.

    Raises ConfigError where it names none.
    """
    if text is None:
        return default_data_folder()
    if not text:
        # A script's unset variable: the present folder is surely not what was meant.
        raise ConfigError(f"--data: expected a folder or {MEMORY}, found ''")
    return None if text == MEMORY else Path(text).expanduser()


def read_file(path: Path | None) -> FileConfig:
    """Read a TOML configuration file; ConfigError says what is wrong and where."""
    if path is None:
        return FileConfig()
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(
            f"--config: expected a readable file at {path}, found: {error.strerror}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config: expected TOML in {path}, found: {error}") from error
    try:
        _check_desk_names(document.get("desk"))
        _check_followers(document)
        config = msgspec.convert(_texts(document), FileConfig, strict=False)
        check(config.desk)
        _check_api(config.api)
        return config
    except ValueError as error:
        raise ConfigError(f"--config: {path}: {error}") from error


def _check_api(api: ApiSettings) -> None:
    for proxy in api.trusted_proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError as error:
            raise msgspec.ValidationError(
                f"Expected addresses or networks, found {proxy!r} - at `$.api.trusted_proxies`"
            ) from error
    numbers = {
        "nonce_skew_s": api.nonce_skew_s,
        "key_cache_ms": api.key_cache_ms,
        "deadline_ms": api.deadline_ms,
        "freeze_after_bad_signatures": api.freeze_after_bad_signatures or 0,
    }
    numbers |= {f"edge.{name}": value for name, value in msgspec.structs.asdict(api.edge).items()}
    for name, value in numbers.items():
        if value < 0:
            raise msgspec.ValidationError(f"Expected a value at or above 0 - at `$.api.{name}`")


def _check_desk_names(section: object) -> None:
    """A data folder must read the desk's settings of other releases, so their Struct takes names
    that it does not know; a file may not have any.
    """
    known = {field.name for field in msgspec.structs.fields(DeskSettings)}
    for name in section if isinstance(section, dict) else ():
        if name not in known:
            raise msgspec.ValidationError(f"Object contains unknown field `{name}` - at `$.desk`")


def _check_followers(document: dict[str, Any]) -> None:
    """Settings that follow a profile are set by its word alone."""
    for (section, name), profile in FOLLOWING.items():
        content = document.get(section)
        if isinstance(content, dict) and name in content:
            raise msgspec.ValidationError(
                f"Expected `{profile}` in the section `catalog`, which sets this - at "
                f"`$.{section}.{name}`"
            )


def _texts(value: Any) -> Any:
    """TOML's floats as texts, so that a decimal setting is what was written."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return str(value) if isinstance(value, float) else value


def parse_replay(text: str) -> Replay:
    """FILE[,FILE...]=SYM; ConfigError where it is not of that form."""
    files, separator, sym = text.rpartition("=")
    if not separator or not files or not sym:
        raise ConfigError(
            f"--replay: expected FILE[,FILE...]=SYM, found {text!r}; "
            "for example recording.gz=BINANCE_PERP_BTC_USDT"
        )
    return Replay(sym, tuple(Path(name).expanduser() for name in files.split(",")))
