"""Rules that every service has to keep, checked against its declaration, so that a new service is covered too.

columns    the migrations have every projected column, wide enough and of the right type
sums       a summary's SQL and its contributions give the same sums
values     a projection puts the state's values into the right columns
ports      every port that a command uses is published
indexes    a list's filter has an index
described  the OpenAPI document describes the routes

Each check returns the faults that it finds, as sentences. tests/services runs them over the repository's own services;
tests/core/services makes each mistake in the neutral domain, to show that it is found.
"""
