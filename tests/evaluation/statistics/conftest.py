"""statsmodels, the reference of these tests, uses what pandas will remove: imported here once, without its warnings of that."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import statsmodels.regression.linear_model  # noqa: F401
