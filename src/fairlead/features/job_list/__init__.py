"""Room: the list of jobs, and each with its stages, counts and refused rows."""
