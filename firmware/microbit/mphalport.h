// No clock is asked for.
