"""Shim: :mod:`junheng.schools.inclusion`; it goes when every room imports it there."""

from junheng.schools.inclusion import LEFT_OUT

__all__ = ["LEFT_OUT"]
