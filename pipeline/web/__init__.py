"""The small servers: the preview."""
