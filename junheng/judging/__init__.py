"""How rules are applied: arrays in, arrays out (private)."""
