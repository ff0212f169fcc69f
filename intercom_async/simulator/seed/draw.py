"""Numbers and words drawn from a seed and a record's number: the same ones every time."""

from __future__ import annotations

import bisect

MASK = (1 << 64) - 1
"""Keeps a number within 64 bits, as the generator (SplitMix64) works on them."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "Ada Alan Amara Anil Astrid Bela Carla Chen Dana Diego Edda Emil Farah Felix Gita Goran "
    "Hana Hugo Ines Ivan Jana Jonas Kaya Kofi Lena Liam Mara Mateo Nadia Niels Olga Omar "
    "Paula Pavel Quinn Rana Remy Rosa Sami Sara Sven Tara Theo Uma Ute Vera Viktor Wanda Wei "
    "Xenia Yara Yusuf Zeno Zoe Nora Ravi Elsa Iris Joel Kira Luca Mila Noel Otto"
)
LAST_NAMES = _words(
    "Abel Acker Bach Baker Berg Boone Brandt Carver Castro Cole Costa Dahl Diaz Drew Eaton "
    "Ebert Falk Fox Frost Garza Gray Haas Hale Holm Ito Jansen Joshi Kane Keller Khan Klein "
    "Kovac Lane Lang Lopez Marsh Meyer Mori Nash Noor Novak Olsen Ortiz Park Patel Perez "
    "Quist Rao Reid Ross Sato Shaw Silva Stone Tanaka Torres Vance Vogel Wagner Walsh West "
    "Wolf Young Zhang"
)
PLACES = (
    ("Ireland", "IE", "EU", "Leinster", "Dublin"),
    ("United States", "US", "NA", "California", "San Francisco"),
    ("Germany", "DE", "EU", "Berlin", "Berlin"),
    ("Australia", "AU", "OC", "New South Wales", "Sydney"),
    ("Japan", "JP", "AS", "Tokyo", "Tokyo"),
    ("Brazil", "BR", "SA", "Sao Paulo", "Sao Paulo"),
    ("Kenya", "KE", "AF", "Nairobi", "Nairobi"),
    ("Canada", "CA", "NA", "Ontario", "Toronto"),
)
WORDS = _words(
    "invoice export password login seat plan report webhook billing import setting profile "
    "mobile upgrade refund delivery label sync calendar dashboard"
)


def mix(seed: int, number: int, salt: int = 0) -> int:
    """Return 64 well-mixed bits of three numbers (the finaliser of SplitMix64)."""
    bits = (seed * 0x9E3779B97F4A7C15 + number * 0xBF58476D1CE4E5B9 + salt) & MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)


class Timeline:
    """When records were made: evenly spread with some jitter, never going back.

    The moment of a record is arithmetic on its number, and so is the way back: a range of time is
    a range of numbers, whatever the number of records.
    """

    def __init__(self, *, seed: int, salt: int, count: int, since: int, until: int) -> None:
        self._seed = mix(seed, salt)
        self._since = since
        self._span = until - since
        self._count = max(1, count)
        self._gap = max(1, self._span // self._count)

    def at(self, number: int) -> int:
        """Return when record `number` was made, UNIX seconds."""
        bits = (number * 0x9E3779B97F4A7C15 ^ self._seed) & MASK
        return self._since + number * self._span // self._count + ((bits >> 33) % self._gap)

    def first_at(self, moment: float, count: int) -> int:
        """Return the first of `count` records that was made at `moment` or later."""
        return bisect.bisect_left(range(count), moment, key=self.at)
