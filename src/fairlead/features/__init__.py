"""One room per feature, all with the same furniture."""
