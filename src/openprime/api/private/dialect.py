"""What tells the private sockets apart: their path, their actions, the words of older errors."""

import msgspec

LOGIN = "login"
SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"

_COMMON_FORMS = {
    LOGIN: '{"action":"login","args":{"apiKey":"","timestamp":"","sign":""}}',
    SUBSCRIBE: '{"action":"subscribe","args":{"channel":""}}',
    UNSUBSCRIBE: '{"action":"unsubscribe","args":{"channel":""}}',
}


class Dialect(msgspec.Struct, frozen=True):
    """One private socket. `actions` point at rows of the endpoint table; `generic_texts` are the
    texts of the older error frames, by action.
    """

    path: str
    actions: dict[str, tuple[str, str]]
    generic_texts: dict[str, str]

    @property
    def forms(self) -> dict[str, str]:
        """The form of each action's frame, which a frame of another dialect is answered with."""
        own = {action: f'{{"id":"","action":"{action}","args":{{}}}}' for action in self.actions}
        return _COMMON_FORMS | own


ORDERS = Dialect(
    "/v1/private",
    {
        "place_order": ("POST", "/api/v1/trading/order"),
        "replace_order": ("PUT", "/api/v1/trading/order"),
        "cancel_order": ("DELETE", "/api/v1/trading/order"),
        "cancel_orders": ("DELETE", "/api/v1/trading/cancelAll"),
    },
    {
        LOGIN: "Login failed.",
        "place_order": "PlaceOrder failed.",
        "replace_order": "ReplaceOrder failed.",
        "cancel_order": "Cancel Order failed.",
        "cancel_orders": "Cancel Order failed.",
    },
)
ALGOS = Dialect(
    "/v1/private-algo",
    {
        "place_algo_order": ("POST", "/api/v1/algo/order"),
        "replace_algo_order": ("PUT", "/api/v1/algo/order"),
        "cancel_algo_order": ("DELETE", "/api/v1/algo/order"),
    },
    {
        LOGIN: "Login failed.",
        "place_algo_order": "PlaceOrder failed.",
        "replace_algo_order": "ReplaceOrder failed.",
        "cancel_algo_order": "Cancel Order failed.",
    },
)
