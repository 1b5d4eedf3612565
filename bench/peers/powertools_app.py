"""An order and a customer's change in Powertools for AWS Lambda: its REST resolver, validation by pydantic.

It follows its documentation: one resolver, `enable_validation`, types in the signatures, clients made once.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

# mypy: ignore-errors
# Its libraries are only in .venv-peers.

import os
from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.params import Path

if os.environ["PEER_ROUTE"] == "query":
    from bench.peers.reading import Order, order
else:
    from bench.peers.writing import Changed, CustomerChange, change

app = APIGatewayRestResolver(enable_validation=True)

if os.environ["PEER_ROUTE"] == "query":

    @app.get("/orders/<id>")
    def get(id: Annotated[str, Path(max_length=64)]) -> Order:
        """Return an order with its lines."""
        found = order(id)
        if found is None:
            raise NotFoundError("no such order")
        return found

else:

    @app.patch("/customers/<id>")
    def patch(id: Annotated[str, Path(max_length=64)], body: CustomerChange) -> Changed:
        """Change some of a customer's fields."""
        changed = change(id, body)
        if changed is None:
            raise NotFoundError("no such customer")
        return changed


def handler(event, context):
    """Handle an event, as Lambda calls it."""
    return app.resolve(event, context)
