"""Which service item and agency a report is likely about, learned from the city's own cases.

A linear model over pairs of characters: what speaks for an item can be shown as words. Trained by
``citycall classify train`` (with numpy), asked in pure Python in about a millisecond. Without a trained model
the words of the items themselves are compared, as before (``policy.items.find_items``).
"""

from citycall.services.cases.classify.features import Report
from citycall.services.cases.classify.model import Guess, Model, ModelError

__all__ = ["Guess", "Model", "ModelError", "Report"]
