"""The root stack on the embedded AWS: replacements for the rest of AWS, and the deployment itself.

by_api     a function on the embedded AWS that makes, by calls of the API, what its CloudFormation does not know
templates  the templates as the embedded AWS gets them
deploying  packages, uploads and a change set
"""
