"""What is refused before anything is made: costs over the budget, too small machines, lost data."""
