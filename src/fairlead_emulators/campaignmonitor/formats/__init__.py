"""In which format is asked and answered."""
