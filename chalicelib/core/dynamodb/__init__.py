"""The write store on DynamoDB: the port of `commands.store`, its requests, and the encoding of items."""
