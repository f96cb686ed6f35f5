"""What outlives the process: journal, snapshots, history, secrets.

Store         one data folder, opened by one process
recover       the desk as the folder last knew it
History       questions to the history tables, with Filter, Page and Traded
FundsHistory  those about transfers, deposits and withdrawals, with FundsFilter
Batch         what is made durable together
Vault         seals secrets under the folder's own key
StoreError    what is wrong with a folder, in one line
"""

from openprime.store.batch import Batch
from openprime.store.database import Durability
from openprime.store.errors import StoreError
from openprime.store.funds_history import FundsFilter, FundsHistory
from openprime.store.history import Filter, History, Page, Traded
from openprime.store.recovery import recover
from openprime.store.secrets import Vault
from openprime.store.store import Store

__all__ = [
    "Batch",
    "Durability",
    "Filter",
    "FundsFilter",
    "FundsHistory",
    "History",
    "Page",
    "Store",
    "StoreError",
    "Traded",
    "Vault",
    "recover",
]
