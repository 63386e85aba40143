"""Activities and projects, recorded once from a note: who pays, who runs, where, when."""

from kms.activity_lines import ActivityLine, working

__all__ = ["ActivityLine", "working"]
