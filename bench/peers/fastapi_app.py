"""An order and a customer's change in FastAPI behind Mangum, which converts Lambda's events to ASGI's.

It follows their documentation: types in the signatures, a response model, no lifespan.
https://fastapi.tiangolo.com/tutorial/response-model/ and https://mangum.fastapiexpert.com/
"""

# mypy: ignore-errors
# Its libraries are only in .venv-peers.

import os
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from mangum import Mangum

if os.environ["PEER_ROUTE"] == "query":
    from bench.peers.reading import Order, order
else:
    from bench.peers.writing import Changed, CustomerChange, change

app = FastAPI()

if os.environ["PEER_ROUTE"] == "query":

    @app.get("/orders/{id}")
    def get(id: Annotated[str, Path(max_length=64)]) -> Order:
        """Return an order with its lines."""
        found = order(id)
        if found is None:
            raise HTTPException(404, "no such order")
        return found

else:

    @app.patch("/customers/{id}")
    def patch(id: Annotated[str, Path(max_length=64)], body: CustomerChange) -> Changed:
        """Change some of a customer's fields."""
        changed = change(id, body)
        if changed is None:
            raise HTTPException(404, "no such customer")
        return changed


handler = Mangum(app, lifespan="off", api_gateway_base_path="/prod")
