"""Thai words, dates, numbers and order: pure functions that import nothing of ours."""
