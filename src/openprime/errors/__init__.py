"""The catalogue of error codes and the value that says no.

Row      one code of the catalogue: text, group, stage
Refusal  a code with what fills the placeholders of its text
"""

from openprime.errors.catalogue import Row, message, row, rows
from openprime.errors.refusal import Refusal

__all__ = ["Refusal", "Row", "message", "row", "rows"]
