"""Where orders go: quotes in this process, an exchange; sent once, and asked for by client order id."""
