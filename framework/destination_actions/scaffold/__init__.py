"""New plugins: what one is to be becomes a distribution that passes its checks at once."""
