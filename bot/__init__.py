"""Easel: a Discord bot service that makes pictures with other people's generators."""
