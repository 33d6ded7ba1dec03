"""Several processes that train one model: how they start, meet, agree and fail."""
