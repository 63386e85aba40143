"""Measurements of the whole on this machine. Run from the project's folder."""
