"""The fold of ``kms.thai.folding`` under the name the search knows it by."""

from kms.thai.folding import fold, fold_with_offsets

__all__ = ["fold", "fold_with_offsets"]
