"""The profiles of the error catalogue: the section `catalog` of the configuration file.

Four words that an operator chooses, and the settings of the API and the desk that follow them.
Those settings stand in no section of the file themselves, so that there is one place to look.
"""

from enum import StrEnum

import msgspec

from openprime.api.settings import ApiSettings
from openprime.desk.settings import DeskSettings


class Messages(StrEnum):
    SEED = "seed"
    LATEST = "latest"


class StatusMode(StrEnum):
    OK200 = "ok200"
    STRICT = "strict"


class ClientOrderId(StrEnum):
    LENIENT = "lenient"
    STRICT = "strict"


class SocketErrors(StrEnum):
    SPECIFIC = "specific"
    GENERIC = "generic"


class CatalogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How codes are told (resolutions 1, 33, 63, 98, 103, 130; errors 2.2, 3)."""

    messages: Messages = Messages.SEED
    status_mode: StatusMode = StatusMode.OK200
    client_order_id: ClientOrderId = ClientOrderId.LENIENT
    ws_errors: SocketErrors = SocketErrors.SPECIFIC

    def api(self, settings: ApiSettings) -> ApiSettings:
        """The settings of the API under these profiles."""
        return msgspec.structs.replace(
            settings,
            newest_messages=self.messages is Messages.LATEST,
            strict_status=self.status_mode is StatusMode.STRICT,
            strict_client_order_ids=self.client_order_id is ClientOrderId.STRICT,
            generic_socket_errors=self.ws_errors is SocketErrors.GENERIC,
        )

    def desk(self, settings: DeskSettings) -> DeskSettings:
        """The settings of the desk under these profiles."""
        newest = self.messages is Messages.LATEST
        return msgspec.structs.replace(settings, newest_messages=newest)


# Section and setting, and the setting of `catalog` that it follows.
FOLLOWING = {
    ("desk", "newest_messages"): "messages",
    ("api", "newest_messages"): "messages",
    ("api", "strict_status"): "status_mode",
    ("api", "strict_client_order_ids"): "client_order_id",
    ("api", "generic_socket_errors"): "ws_errors",
}
