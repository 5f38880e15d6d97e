"""The HTTP side: providers' callbacks, and health."""
