"""The functions as Lambda runs them, as tests/deploy has them."""

from tests.deploy.conftest import data_template, deployment, functions, lambda_tools, packages, template

__all__ = ["data_template", "deployment", "functions", "lambda_tools", "packages", "template"]
