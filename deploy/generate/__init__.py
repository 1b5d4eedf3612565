"""Everything that AWS must know about the services, generated from their declarations: `make generate`.

templates/   the hand-written templates, with a line `# make generate: NAME` wherever a generated part goes
fill         replaces these lines by the parts
names        a service's name as CloudFormation, IAM and CloudWatch spell it
data         tables and their outputs                                  -> infrastructure/data.yaml
rights       the rights that each function needs for the services         -> infrastructure/roles.yaml
alarms       the alarms' metrics and the dashboard's lines              -> infrastructure/alarms.yaml
clients      the further boto3 clients that their packages need                 -> infrastructure/clients.json
template     the routes, and the mappings from streams to functions        -> template.yaml
own_settings the parameters and variables that services declare            -> template.yaml
checks       the code that ruff, mypy, pytest and import-linter check             -> pyproject.toml
files        all of these and schema/ (deploy/schemas): path -> text, and whether the repository's files are current

The declarations are chalicelib/<service>/service.py, api.py and settings.py, put together in chalicelib/bootstrap.py.
"""
