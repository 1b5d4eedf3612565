"""The documentation site: `make docs` serves it, `make docs-build` builds it.

pages         which documents there are, in which section, what each is about
generated     the pages that are made from the code: routes, states and events, settings, the operator's commands
shapes        a JSON Schema as rows of a table
declarations  the API for services, from docstrings; runs in .venv-docs, where griffe is
llms          llms.txt, which names all documents for programs
stage         the folder from which Zensical builds: all pages, their links as the site needs them
build         runs Zensical
links         looks for links that lead nowhere, and for what a page would load from another host
"""
