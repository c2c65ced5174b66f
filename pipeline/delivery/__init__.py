"""Email x recipients -> messages. ``message`` makes them."""
