"""Openprime: an open, self-hosted prime broker that speaks the RapidX API."""

__all__ = ["__version__"]

__version__ = "0.1.0"
