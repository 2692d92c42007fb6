"""Words of a command line as one types them."""


def quoted(word: str) -> str:
    """Quote a word for a shell only where it must be: brackets need none in most."""
    plain = not set(word) & set(" '\"$`\\;&|<>(){}*?!#~\n\t")
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
