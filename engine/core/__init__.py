"""Pure: days and weeks, bars, series, money, orders, planner, fills, ledger, rules, events, figures."""
