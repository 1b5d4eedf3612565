"""Dead letters for whoever operates: list and show them, have them handled again, or discard them with a reason.

`ops dead-letters` is the command line of it. No function imports it that does not serve operators.
"""
