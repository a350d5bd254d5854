"""The paper's comparison: every method of its tables and every figure, on data that anyone can make."""
