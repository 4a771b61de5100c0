"""Cartera: an open-source collections data platform."""
