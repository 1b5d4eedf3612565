"""What AWS has to know of the services, written from their declarations: `make generate`.

templates/   the hand-written parts: each a whole template, with lines `# make generate: NAME` where a part goes
fill         puts the parts into such lines
names        a service's name as CloudFormation, IAM and CloudWatch spell it
data         tables and their outputs                                  -> infrastructure/data.yaml
rights       what each function may do because of the services         -> infrastructure/roles.yaml
alarms       metrics of alarms and lines of the dashboard              -> infrastructure/alarms.yaml
clients      what else of boto3 their packages need                 -> infrastructure/clients.json
template     routes, and the mappings from streams to functions        -> template.yaml
own_settings parameters and variables that services declare            -> template.yaml
checks       what ruff, mypy, pytest and import-linter check             -> pyproject.toml
files        all of it, and schema/ (deploy/schemas): path -> text, and whether the repository has it

The declarations are chalicelib/<service>/service.py, api.py and settings.py, put together in chalicelib/bootstrap.py.
"""
