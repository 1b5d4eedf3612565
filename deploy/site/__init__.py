"""The documentation site: `make docs` serves it, `make docs-build` builds it.

pages         the documents, with their sections and summaries
generated     the pages made from the code: routes, states and events, settings, the operator's commands
shapes        a JSON Schema as the rows of a table
declarations  the API for services, from docstrings; runs in .venv-docs, which has griffe
llms          llms.txt, which lists all documents for programs
stage         the folder from which Zensical builds: all pages, with the site's links
build         runs Zensical
links         finds broken links, and files that a page would load from another host
"""
