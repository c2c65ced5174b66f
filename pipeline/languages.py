"""A language (BCP 47) -> which of several texts is in it, and which way it is written."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.model import Direction

RIGHT_TO_LEFT = ("ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")


def direction(language: str) -> Direction:
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in this language: of ``pt-BR`` where there is such, else of ``pt``; empty where there is neither."""
    return texts.get(language) or texts.get(primary(language)) or ""


def primary(language: str) -> str:
    """The primary subtag: ``pt`` of ``pt-BR``."""
    return language.replace("_", "-").split("-")[0].lower()
