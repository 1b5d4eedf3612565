"""What every service has to keep, checked against its declaration: so a new service is covered by being declared.

columns    the migrations hold every projected column, wide enough, of its type
sums       a summary's SQL adds up what its contributions add up
values     a projection puts the state's values where they belong
ports      what a command asks another service for is published
indexes    a list's filter has an index
described  the OpenAPI document says what the routes do

Each check returns the faults that it finds, as sentences. tests/services runs them over the repository's own services;
tests/core/services plants each mistake in the neutral domain, to show that it is found.
"""
