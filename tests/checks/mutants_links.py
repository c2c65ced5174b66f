"""Mutants for pipeline/checks/links.py."""

from tests.checks.mutants_page import in_body
from tests.checks.mutating import Mutants, Mutation, in_html, in_message, in_text, with_preheader, with_subject

PAGE = "https://blog.example.com/box-breathing?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=better-sleep"


def link(href: str, words: str = "Sleep tonight") -> Mutation:
    return in_body(f'<p><a href="{href}">{words}</a></p>')


def target(href: str) -> Mutation:
    """Another target for a link of the mail's own."""
    return in_html(f'href="{PAGE}"', f'href="{href}"')


def with_header(line: bytes) -> Mutation:
    return in_message(b"MIME-Version:", line + b"\r\nMIME-Version:")


MUTANTS: Mutants = {
    "H05": {
        "an empty href": target(""),
        "nothing but #": target("#"),
        "a place that isn't in the mail": target("#the-pattern"),
        "a path": target("/box-breathing"),
        "no scheme": target("www.example.com/box-breathing"),
        "the page's own scheme": target("//blog.example.com/"),
        "http": target("http://blog.example.com/"),
        "ftp": target("ftp://blog.example.com/"),
        "localhost": target("https://localhost:8000/box-breathing"),
        "a private address": target("https://192.168.1.20/"),
        "a private address in one number": target("https://2130706433/"),
        "a private IPv6 address": target("https://[::ffff:10.0.0.1]/"),
        "a host without a dot": target("https://blog/box-breathing"),
        "a host of the company": target("https://staging.blog.internal/"),
        "a user before the host": target("https://blog.example.com@evil.example.org/"),
        "a blank in it": target("https://blog.example.com/box breathing"),
        "a mailto without an address": target("mailto:"),
        "a mailto with half of one": target("mailto:hello@"),
        "a tel without a number": target("tel:"),
        "Jinja in an href": target("https://blog.example.com/{{ slug }}"),
        "Jinja in an href, encoded": target("https://blog.example.com/%7B%7B%20slug%20%7D%7D"),
        "None in an href": target("https://blog.example.com/None"),
        "undefined in a query": target("https://blog.example.com/?id=undefined&amp;a=b"),
        "a token in an href": target("zqmf66697273745f6e616d657c746865726520qz"),
        "Mailchimp's tag in an href": target("*|UNSUB|*"),
        "a private link for Outlook": in_body('<!--[if mso]><v:rect href="https://localhost/"></v:rect><![endif]-->'),
        "Jinja in a src": in_html(' src="https:', ' src="{{ image }}" data-src="https:'),
        "Jinja in an alt": in_html(' alt="', ' alt="{{ article.title }}" data-alt="'),
        "Jinja in the text": in_body("<p>Hello {{ first_name }}</p>"),
        "a Jinja tag in the text": in_body("<p>{% if lead %}</p>"),
        "ExactTarget's field in the text": in_body("<p>Dear %%First Name%%</p>"),
        "None for a name": in_body("<p>Hello None,</p>"),
        "an object for a name": in_body("<p>Written by [object Object]</p>"),
        "a token in the text": in_body("<p>Hello zqmf66697273745f6e616d65qz</p>"),
        "a merge field in the text": in_body("<p>Hello [[first_name|there]]</p>"),
        "Jinja in the subject": with_subject("Sleep better, {{ first_name }}"),
        "Mailchimp's tag in the preheader": with_preheader("Good morning *|FNAME|*"),
        "undefined in the text part": in_text("Written by Amara Nwosu", "Written by undefined\n"),
        "Jinja in a header": with_header(b"X-Edition: {{ edition.slug }}"),
        "Jinja in an encoded header": with_header(b"Comments: =?utf-8?q?=7B=7B_x_=7D=7D?="),
    },
    "H06": {
        "another host": link("https://evil.example.org/", "https://blog.example.com/box-breathing"),
        "another host, a full stop behind it": link("https://evil.example.org/", "www.example.com."),
        "a name alone": link("https://evil.example.org/", "blog.example.com"),
        "another part of the same site": link("https://click.example.com/", "blog.example.com"),
        "in a sentence": link("https://evil.example.org/", "Read it at https://blog.example.com today"),
        "letters that look the same": link("https://xn--blg-red.example.com/", "https://blog.example.com/"),
        "another address": link("mailto:evil@example.org", "hello@blog.example.com"),
        "a page for an address": link("https://evil.example.org/", "hello@blog.example.com"),
        "a word joiner in it": link("https://evil.example.org/", "blog.\u2060example.com"),
    },
    "A07": {
        "no words": link(PAGE, ""),
        "an arrow only": link(PAGE, "<span>→</span>"),
        "here": link(PAGE, "here"),
        "Click here!": link(PAGE, "<b>Click&nbsp;here!</b>"),
        "Read more →": link(PAGE, "Read more →"),
        "Weiterlesen": link(PAGE, "Weiterlesen"),
        "En savoir plus": link(PAGE, "En savoir plus"),
        "leer más": link(PAGE, "leer más"),
        "saiba mais": link(PAGE, "saiba mais"),
        "اقرأ المزيد": link(PAGE, "اقرأ المَزيد"),
        "a label that says nothing": in_body(f'<a href="{PAGE}" aria-label="Link">Box breathing</a>'),
        "two places of one name": link("https://blog.example.com/morning-light", "Box breathing in four minutes"),
        "two places in another case": link("https://blog.example.com/box-breathing?page=2", "THE PATTERN"),
        "two places, and an arrow": link("https://blog.example.com/box-breathing?page=2", "“The pattern” →"),
    },
}
