"""Questions that the store and `analysis` answer together: why runs wait and until when, what is new, a study."""
