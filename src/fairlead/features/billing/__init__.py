"""Room: what there is to pay, which is nothing."""
