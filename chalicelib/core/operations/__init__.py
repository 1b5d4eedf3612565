"""What Lambda runs for operation: health, status, the scheduled check, deadlines, and the migrations' custom resource.

`dead_letters` serves the operator's commands, which are in the folder ops/ of the repository.
"""
