"""What of the API's face can be chosen (resolutions 1, 10, 15, 32, 33, 47)."""

from typing import Annotated

import msgspec

Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]


class EdgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of one request: sizes in bytes, counts, and the answers that are worth packing.

    A request that is not complete `request_seconds` after its first byte ends its connection;
    so do `keep_alive_seconds` without a request, and `unread_seconds` in which a client takes
    nothing of an answer. `connections_max` bounds all connections together.
    `address_calls_per_minute` is the budget of one address on all routes together, where
    `--limits` is not off; 0 for none.
    """

    body_bytes_max: int = 64 * 1024
    query_bytes_max: int = 8 * 1024
    header_bytes_max: int = 16 * 1024
    parameters_max: int = 100
    value_bytes_max: int = 4 * 1024
    nesting_max: int = 4
    gzip_bytes_min: int = 1024
    request_seconds: Seconds = 10
    keep_alive_seconds: Seconds = 60
    unread_seconds: Seconds = 20
    connections_max: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    address_calls_per_minute: int = 60_000


class ApiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are those of the specification.

    `newest_messages` picks the texts of `messages = latest`; `strict_status` answers refusals
    with HTTP 400; `strict_client_order_ids` allows letters and digits only;
    `generic_socket_errors` gives the sockets' older error frames, codes "60009" and "10001".
    These four follow the profiles that the server is started with.
    `numeric_statement_ids` prints portfolioId and createAt of statements as integers.
    `freeze_after_bad_signatures` in a row freeze a key (0: never; None: as the limits' profile has
    it). `trusted_proxies` are the peers whose X-Forwarded-For counts. Of refused orders so many a
    second are explained, the last of them kept, and so many a minute told to the log.
    """

    newest_messages: bool = False
    strict_status: bool = False
    strict_client_order_ids: bool = False
    numeric_statement_ids: bool = False
    nonce_skew_s: int = 60
    deadline_ms: int = 5_000
    key_cache_ms: int = 30_000
    freeze_after_bad_signatures: int | None = None
    finished_orders_kept: int = 10_000
    refusals_kept: Annotated[int, msgspec.Meta(ge=1)] = 1_000
    refusals_explained_per_second: Annotated[int, msgspec.Meta(ge=0)] = 20
    refusals_logged_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 60
    generic_socket_errors: bool = False
    trusted_proxies: tuple[str, ...] = ()
    durability: str = "fsync"
    documents_folder: str = ""
    edge: EdgeSettings = EdgeSettings()


class AdminSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether there is a way in for the operator, and whether for peers on other machines too."""

    enabled: bool = True
    remote: bool = False
