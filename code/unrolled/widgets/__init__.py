"""Python faces of the book's interactives: each decides what to show, its JavaScript shows it."""
