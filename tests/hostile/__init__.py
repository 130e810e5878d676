"""Files that a stranger might send."""
