"""The routes of reports."""

from chalicelib.core.http import Api

api = Api("reports")
