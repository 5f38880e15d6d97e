"""The HTTP side: health today; callbacks, inbound hooks and HTTP interactions beside it."""
