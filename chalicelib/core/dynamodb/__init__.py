"""The write store on DynamoDB: it implements the port in core/commands/store.py, builds requests, and encodes items."""
