"""The shapes of stored states and events, in every version: schema/, written by `make schema`.

documents      the JSON Schema of a state or an event, from its declared type
compatibility  whether the type of one schema can read what another schema describes
files          the folder schema/: the files that it should have, and what a change breaks

A file describes everything that releases with its version may have stored. It is updated with the type as long as the
type can read everything that the file describes. Otherwise `make lint` fails until an upcaster is declared. The type
then has the next version and a new file, and the old file stays as it is.
"""
