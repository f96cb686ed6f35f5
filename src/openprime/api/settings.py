"""What of the API's face can be chosen (resolutions 1, 10, 15, 32, 33, 47)."""

import msgspec


class EdgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of one request: sizes in bytes, counts, and the answers that are worth packing."""

    body_bytes_max: int = 64 * 1024
    query_bytes_max: int = 8 * 1024
    header_bytes_max: int = 16 * 1024
    parameters_max: int = 100
    value_bytes_max: int = 4 * 1024
    nesting_max: int = 4
    gzip_bytes_min: int = 1024


class ApiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are those of the specification.

    `newest_messages` picks the texts of `messages = latest`; `strict_status` answers refusals
    with HTTP 400; `strict_client_order_ids` allows letters and digits only;
    `generic_socket_errors` gives the private socket's older error frames, code "60009";
    `numeric_statement_ids` prints portfolioId and createAt of statements as integers.
    `trusted_proxies` are the peers whose X-Forwarded-For counts.
    """

    newest_messages: bool = False
    strict_status: bool = False
    strict_client_order_ids: bool = False
    numeric_statement_ids: bool = False
    nonce_skew_s: int = 60
    key_cache_ms: int = 30_000
    finished_orders_kept: int = 10_000
    generic_socket_errors: bool = False
    trusted_proxies: tuple[str, ...] = ()
    durability: str = "fsync"
    documents_folder: str = ""
    edge: EdgeSettings = EdgeSettings()
