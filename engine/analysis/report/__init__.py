"""Report of a study: its content is computed once (`contents.py`), then written as Markdown, HTML and LaTeX."""
