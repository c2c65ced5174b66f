"""Email x recipients -> messages. ``message`` makes them, ``run`` has them written to one of the ``outputs``.

The mails that answer people go another way: ``letters`` writes them, ``post`` sends them by a ``transport``.
"""
