"""Email x recipients -> messages. ``message`` makes them, ``run`` has them written to one of the ``outputs``."""
