"""The catalogue of error codes and the value that says no.

Row        one code of the catalogue: text, group, stage, surfaces
Explained  the same with its meaning, a remedy and an example, for people
Refusal    a code with what fills the placeholders of its text
"""

from openprime.errors.catalogue import Row, message, row, rows
from openprime.errors.explanations import Explained, all_explained, explained
from openprime.errors.refusal import Refusal

__all__ = ["Explained", "Refusal", "Row", "all_explained", "explained", "message", "row", "rows"]
