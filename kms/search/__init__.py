"""The one way to find notes, and the index behind it."""
