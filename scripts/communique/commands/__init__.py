"""The commands, each in a module of its own: it parses, calls one function, prints."""
