"""Pure: days and weeks, bars, money, orders and when they are tried again, planner, fills, ledger, rules, events."""
