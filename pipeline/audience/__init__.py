"""People: the only room that knows an address. Pure rules beside one store, the only place where they are kept."""
