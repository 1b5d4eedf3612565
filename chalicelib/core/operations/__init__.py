"""What operating needs of a deployment: health, status, the scheduled check, the migration's custom resource."""
