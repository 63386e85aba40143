"""Ours beside plain Whoosh, SQLite FTS5, tantivy and bm25s: the same notes, words and queries."""
