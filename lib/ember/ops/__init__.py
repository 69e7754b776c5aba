"""The op table: per operation a shape rule, how it emits itself, how it emits its gradient."""
