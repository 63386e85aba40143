"""Request form to NoteContent and back: pure functions, one module for each part of a form."""
