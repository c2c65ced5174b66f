"""web/signup/origin.py: a page's origin is what a browser says that it is."""

import pytest

from pipeline.web.signup.origin import page_origin


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://blog.example.com/a/b?c", "https://blog.example.com"),
        ("https://Blog.Example.COM:443/", "https://blog.example.com"),
        ("http://blog.example.com:80", "http://blog.example.com"),
        ("http://blog.example.com:443", "http://blog.example.com:443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_page_origin(url, origin):
    """However the newsletter's address is written, the blog's own form may read its answers."""
    assert page_origin(url) == origin
