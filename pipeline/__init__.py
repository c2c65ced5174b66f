"""Blog articles in, responsive e-mail digests that are ready to send out."""
