"""How the rules read a mail: its HTML and CSS, its words, its links, its message. Nothing here judges."""
