"""Small generators that speak the real wire protocols."""
