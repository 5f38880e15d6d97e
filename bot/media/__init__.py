"""Pictures: verify, shrink, name. Off the event loop."""
