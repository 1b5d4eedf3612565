"""The root stack on the embedded AWS: what stands in for the rest of AWS, and the deployment itself.

by_api     a function, run by the embedded AWS: makes what its CloudFormation does not know by calls of the API
templates  the templates as they are given to it
deploying  packages, uploads and a change set
"""
