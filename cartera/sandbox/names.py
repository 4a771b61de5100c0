"""Fictitious company names, tax ids and e-mail addresses.

Tax ids have the right shape and check digit but lie in ranges not given out; addresses are at names that
RFC 2606 reserves, so that no mail can reach anybody.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_SPANISH_TRADES = (
    "Comercial", "Distribuidora", "Inversiones", "Textiles", "Agroindustrias", "Transportes", "Ferretería",
    "Clínica", "Industrias", "Constructora", "Panadería", "Farmacia", "Librería", "Minería", "Pesquera",
    "Logística", "Cerámicas", "Lácteos", "Muebles", "Papelera", "Café", "Óptica", "Imprenta", "Hotelera",
)  # fmt: skip
_SPANISH_WORDS = (
    "Quilla", "El Cóndor", "San Jerónimo", "Ñandú", "Valle Hermoso", "La Peña", "Los Robles", "Sol del Sur",
    "Puente Azul", "Aurora", "Tres Ríos", "Santa Inés", "Montaña Verde", "Río Claro", "El Peñón", "Amancay",
    "Las Garzas", "Cielo Abierto", "Nueva Unión", "La Colmena", "Piedra Blanca", "El Tucán", "Wayra",
    "Ceibo", "La Cañada", "Buen Camino", "Alpamayo", "Cumbres", "El Guadual", "Mariposa", "Araucaria",
)  # fmt: skip
_SPANISH_FORMS = {"PE": ("S.A.C.", "S.A.", "E.I.R.L.", "S.R.L."), "CO": ("S.A.S.", "S.A.", "Ltda.", "y Cía. S.C.A.")}
_ENGLISH_WORDS = (
    "Blue Harbor", "Cedar Hill", "Copperfield", "Silver Creek", "Maple Row", "Red Lantern", "Stonebridge",
    "North Pier", "Foxglove", "Windmill", "Amber Coast", "Old Orchard", "Kestrel", "Bright Meadow", "Ironwood",
    "Lakeshore", "Juniper", "Granite Peak", "Clearwater", "Sandpiper", "Elm Street", "Harvest Moon",
)  # fmt: skip
_ENGLISH_TRADES = (
    "Trading", "Foods", "Imports", "Supply", "Textiles", "Packaging", "Machinery", "Outfitters", "Logistics",
    "Roasters", "Instruments", "Furniture", "Produce", "Minerals", "Hardware", "Seafood",
)  # fmt: skip
_ENGLISH_FORMS = ("Inc.", "LLC", "Corp.", "Co.")
_GIVEN = (
    "Rosa", "Julián", "Inés", "Óscar", "María José", "Nicolás", "Adriana", "Héctor", "Lucía", "Sebastián", "Yolanda",
    "Andrés", "Carmen", "Iván", "Zoila", "Martín", "Pilar", "Raúl", "Beatriz", "Íñigo", "Consuelo", "Emilio", "Ángela",
)  # fmt: skip
_FAMILIES = (
    "Quispe", "Núñez", "Mamani", "Cárdenas", "Ibáñez", "Rojas", "Peña", "Huamán", "Restrepo", "Vargas", "Ñáñez",
    "Castaño", "Flores", "Zapata", "Muñoz", "Salazar", "Yupanqui", "Ospina", "Guerrero",
)  # fmt: skip
# what outside text can look like: a formula, quotes, markup, the delimiter
_ODD = ("=Igual Consultores S.A.C.", 'Muñoz & Hijos "El Faro" S.A.', "Díaz <Norte>; Díaz S.A.C.", "Peña, Ruiz y Cía.")
_MAIL_HOSTS = ("example.com", "example.org", "example.net")


def is_person(index: int, draw: int, country_code: str) -> bool:
    """Whether a customer is a natural person: about one in six, none of them abroad."""
    return country_code != "US" and index % 200 != 100 and draw % 6 == 1


def person_name(index: int) -> str:
    """A name that no other index has."""
    given, rest = index % len(_GIVEN), index // len(_GIVEN)
    first, second = rest % len(_FAMILIES), rest // len(_FAMILIES) + 3 * index
    return f"{_GIVEN[given]} {_FAMILIES[first]} {_FAMILIES[second % len(_FAMILIES)]}"


def company_name(index: int, draw: int, country_code: str) -> str:
    """A name that no other index has, by a random draw."""
    if index % 200 == 100:
        return f"{_ODD[index // 200 % len(_ODD)]}{_ordinal(index // 800)}"
    if country_code == "US":
        word, trade, ordinal = _combination(index, _ENGLISH_WORDS, _ENGLISH_TRADES)
        return f"{word} {trade}{ordinal} {_ENGLISH_FORMS[draw % len(_ENGLISH_FORMS)]}"
    word, trade, ordinal = _combination(index, _SPANISH_WORDS, _SPANISH_TRADES)
    forms = _SPANISH_FORMS[country_code]
    return f"{trade} {word}{ordinal} {forms[draw % len(forms)]}"


def tax_id(index: int, country_code: str) -> str:
    """RUC (Peru), NIT (Colombia) or EIN (United States)."""
    if country_code == "PE":
        return _with_ruc_digit(f"209{index:07d}")
    if country_code == "CO":
        return _with_nit_digit(f"999{index:06d}")
    return f"07-{index:07d}"


def email(index: int, name: str, draw: int) -> str:
    """An address at a reserved name, e.g. pagos.c000017@cafe-aurora-s-a-c.example."""
    box = ("pagos", "tesoreria", "contabilidad", "accounts")[draw % 4] + f".c{index:06d}"
    if draw % 3 == 0:
        return f"{box}@{_slug(name)}.example"
    return f"{box}@{_MAIL_HOSTS[draw % len(_MAIL_HOSTS)]}"


def _combination(index: int, words: Sequence[str], trades: Sequence[str]) -> tuple[str, str, str]:
    """A word, a trade and an ordinal: each pair comes once before a pair comes again."""
    word = index % len(words)
    trade = (word + index // len(words)) % len(trades)
    return words[word], trades[trade], _ordinal(index // (len(words) * len(trades)))


def _ordinal(repeat: int) -> str:
    return f" {repeat + 1}" if repeat else ""


def _slug(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in ascii_name.lower()).split()
    return "-".join(words)[:50].strip("-")


def _with_ruc_digit(ten: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(ten, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True))
    return f"{ten}{(11 - total % 11) % 10}"


def _with_nit_digit(nine: str) -> str:
    weights = (41, 37, 29, 23, 19, 17, 13, 7, 3)
    rest = sum(int(digit) * weight for digit, weight in zip(nine, weights, strict=True)) % 11
    return f"{nine}-{rest if rest < 2 else 11 - rest}"
