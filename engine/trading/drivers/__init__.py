"""Who calls the session, and when: backtrader over history, a plain loop, the exchange's clock."""
