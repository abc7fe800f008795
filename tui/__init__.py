"""Everything a person sees. Never imports torch."""
