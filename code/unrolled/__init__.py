"""Language Modeling, Unrolled: the code of the book, one module per idea."""
