"""Room: what there is to pay: nothing, or what whoever runs Fairlead for others asks for."""
