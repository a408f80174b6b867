"""A client for the Salesforce platform APIs. Knows nothing of Fairlead."""

from fairlead.salesforce.client import Salesforce, connect
from fairlead.salesforce.limits import Budget, BudgetSpent
from fairlead.salesforce.login import AccessToken, ClientCredentials, JwtBearer, RefreshToken

__all__ = [
    "AccessToken",
    "Budget",
    "BudgetSpent",
    "ClientCredentials",
    "JwtBearer",
    "RefreshToken",
    "Salesforce",
    "connect",
]
