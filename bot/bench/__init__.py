"""Measurements of the whole service on this machine: `./easel bench`. Nothing of it runs in the service."""
