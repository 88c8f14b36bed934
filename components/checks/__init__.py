"""What is refused before anything is made: costs over the budget, the loss of Milvus's data."""
