"""The HTTP side: from an API Gateway event to a command or a query, and from an error to a problem.

chalice_adapter  routes and errors in Chalice's terms; the only module that imports Chalice
endpoint         the steps of a route, in sequence
request          a request and a reply, independent of Chalice
header_syntax    the grammars of Prefer and Content-Type
preconditions    ETag, If-Match, If-None-Match
json_text        parse JSON; refuse duplicate members and text that was not UTF-8
validation       a JSON document against a type, naming every fault
parameters       a query string against a type, naming every fault
openapi          the OpenAPI document of the routes
documentation    /openapi.json and /docs
console          the page at /, its files, and how one signs in there
hints            what a service may say of how an answer is shown
visibility       leave out the members of an answer that a role may not see
info             the names by which the API presents itself
"""
