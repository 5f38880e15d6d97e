"""What only requests for pictures have: their form, their price, their answers."""
