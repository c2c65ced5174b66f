"""One module a step; a step that was released isn't changed any more."""
