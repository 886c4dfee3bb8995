"""REACHES: the only outbound sockets. Our nouns in, our nouns out; each answer is distrusted."""
