"""Change events and platform events of the emulated org, and the Pub/Sub door that serves them."""
