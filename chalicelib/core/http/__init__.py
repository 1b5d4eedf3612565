"""The HTTP side: from an API Gateway event to a command or a query, and from an error to a problem.

chalice_adapter  routes and errors in Chalice's terms; the only module that knows Chalice
endpoint         what a route does, in the order in which it does it
request          a request and a reply in our own terms
validation       JSON and query strings against types, naming every fault
preconditions    ETag, If-Match, If-None-Match
openapi          the OpenAPI document of the routes
documentation    /openapi.json and /docs
"""
