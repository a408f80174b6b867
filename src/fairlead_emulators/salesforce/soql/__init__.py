"""SOQL on SQLite: tokens → syntax → names → parameterised SQL → records as Salesforce shapes them."""

from fairlead_emulators.salesforce.soql.compiler import compile_query
from fairlead_emulators.salesforce.soql.parser import parse
from fairlead_emulators.salesforce.soql.run import cells, run
from fairlead_emulators.salesforce.soql.shapes import Compiled, Context
from fairlead_emulators.salesforce.soql.tokens import SoqlError, located

__all__ = ["Compiled", "Context", "SoqlError", "cells", "compile_query", "located", "parse", "run"]
