"""What happens to a lesson after it was written; reading is in ``lesson_lives``."""

from kms.lesson_lives import STAGES, Life, LifeStep, lives, today_in_thailand

__all__ = ["STAGES", "Life", "LifeStep", "lives", "today_in_thailand"]
