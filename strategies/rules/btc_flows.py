"""BTC flows: the funds that hold BTC took in money over the last sessions (row 004-15)."""

from strategies.rules.eth_flows import EthFlows


class BtcFlows(EthFlows):
    """Holds while the flows of the last sessions add up to more than 0."""

    coin = "BTC"
    rows = ("004-15",)
