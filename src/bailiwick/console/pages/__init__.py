"""The pages, one module for each subject: its lines of the route table, and their handlers."""
