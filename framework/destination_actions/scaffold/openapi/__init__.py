"""Plans of plugins from OpenAPI 3 documents: the same plan from the same document, every time."""

from destination_actions.scaffold.openapi.document import Api, listed, read_api
from destination_actions.scaffold.openapi.operation import plan_of

__all__ = ["Api", "listed", "plan_of", "read_api"]
