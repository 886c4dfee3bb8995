"""SAYS: values into Block Kit and plain text. Every word a person reads stands here."""
