"""What subscriber rules decide: criteria as SOQL, contradictions between rules, and what becomes of a person. Pure."""
