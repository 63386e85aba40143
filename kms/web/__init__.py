"""The edge to people: one blueprint for each part."""
