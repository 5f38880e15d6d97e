"""Ports for servers that have to be told theirs before they listen, as the bench takes them."""

from bot.bench.free_ports import free_port

__all__ = ["free_port"]
