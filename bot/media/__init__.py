"""Pictures: verify, make fit, describe, name. Off the event loop."""
