"""Why a strategy decided as it did: one file a strategy, of the strategy's name, with a class `Explainer`."""
