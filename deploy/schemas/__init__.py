"""Which shape stored states and events have, in every version: schema/, written by `make schema`.

documents      a state or an event as a JSON Schema, from its declared type
compatibility  whether what one schema describes can be read by the type of another
files          the folder schema/: what it should hold, and what a change breaks

A file describes all that releases with that version may have stored. It follows the type as long as the type can read
everything that the file describes. Otherwise `make lint` fails until an upcaster is declared; the type then has the
next version and a file of its own, and the old file stays as it is.
"""
