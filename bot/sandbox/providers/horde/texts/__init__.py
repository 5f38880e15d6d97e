"""What only requests for texts have: their form, their price, their answers."""
