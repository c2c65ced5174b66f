"""The sign-up service: from the form on the blog to a reader on the list, and off it again."""
