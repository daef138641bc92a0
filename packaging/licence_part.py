"""A part of the libraries and its licence."""

from __future__ import annotations

from dataclasses import dataclass


class MissingLicence(Exception):
    """Something is inside whose licence is not known; says what, and where it was looked for."""


@dataclass
class Part:
    name: str
    version: str
    licence: str
    texts: list[str]


def prefer_mit(licence: str, texts: list[str]) -> list[str]:
    """Of a choice of licences that has MIT in it, only that text: everybody can live with it, and it is short."""
    choice = licence.replace("/", " OR ").split(" OR ")
    mit = [text for text in texts if "Permission is hereby granted, free of charge" in text]
    if "MIT" in (name.strip() for name in choice) and " AND " not in licence and mit:
        return mit[:1]
    return texts
