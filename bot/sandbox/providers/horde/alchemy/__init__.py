"""What only alchemy has: forms, their results, and what the sandbox sees in a picture."""
