"""The generators. Providers fetch; they know the domain only."""
