"""Moving in from the older package (namespace wbsendit): what it holds, what of it is taken over, and not writing twice."""
