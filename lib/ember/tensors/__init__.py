"""Tensors, parameters, and where their operations are emitted; eager execution."""
