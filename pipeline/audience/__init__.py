"""People: the only room that knows an address."""
