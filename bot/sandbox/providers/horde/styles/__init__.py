"""House styles: whole presets that requests may name."""
