"""The HTTP side: from an API Gateway event to a command or a query, and from an error to a problem.

chalice_adapter  routes and errors in Chalice's terms; the only module that knows Chalice
endpoint         what a route does, in the order in which it does it
request          a request and a reply in our own terms
header_syntax    Prefer and Content-Type, as their grammars say
preconditions    ETag, If-Match, If-None-Match
json_text        a JSON document as it came: no member twice, no text that was not UTF-8
validation       a JSON document against a type, naming every fault
parameters       a query string against a type, naming every fault
openapi          the OpenAPI document of the routes
documentation    /openapi.json and /docs
"""
