"""The variables of the environment that hold the keys of an account at Binance's sandboxes."""

KEY_VARIABLE = "BINANCE_TESTNET_API_KEY"
SECRET_VARIABLE = "BINANCE_TESTNET_API_SECRET"
NAMES = (KEY_VARIABLE, SECRET_VARIABLE)
