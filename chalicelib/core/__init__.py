"""The engine: the write side, the projector, the reactor and the read side. It imports no service.

http        routes, requests, replies and problems; the API's document, the server's part of the console
access      who calls, and what they may do
commands    the command pipeline, and the port of the write store
dynamodb    the write store on DynamoDB
streams     the records of the tables' streams, dead letters
projector   records into rows of the read model
reactor     records into follow-up commands
queries     the snapshot that a query reads, lists, search
mysql       connections to the read model, migrations, users
operations  what Lambda runs for operation
service     how a service declares itself
telemetry   logs, metrics, traces
console     the files of the page at /
migrations  the engine's own tables

assembly puts the services together, composition_root finds the module that names them, and runtime has what all
functions of a process share. decider has the base classes of a service's commands, events and states. The names in
examples, such as "transfers.request", belong to no service that ships.
"""
