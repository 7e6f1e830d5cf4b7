"""A run's record in the forms that others take: accountants, and whoever measures returns."""
