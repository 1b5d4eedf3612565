"""The declaration of the catalog's service."""

from chalicelib.catalog import domain
from chalicelib.catalog.ports import TablePrices
from chalicelib.catalog.projection import PROJECTION
from chalicelib.core.service import Aggregate, Port, Service, single

SERVICE = Service(
    name="catalog",
    aggregates=(Aggregate("product", domain.Product, domain.evolve),),
    decide=single(domain.decide),
    projection=PROJECTION,
    ports=(Port("prices", TablePrices, several=True),),
)
