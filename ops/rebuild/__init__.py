"""Builds a service's read tables anew from its items, beside those in use, and swaps them.

tables     the tables beside, the control row and the swap: what each step leaves behind it
control    the lock that keeps a second rebuild out, and the connection that holds it, kept alive
scan       items into the tables beside, through the projector's own guarded transaction
run        the steps, in order, and where `--resume` enters them

    begin      tables ending in __next; `generations.building` says to write them too
    scan       all items that there were before, while the streams feed both sets
    verify     the tables beside, as `ops verify` does those in use
    swap       one RENAME TABLE: tables and `generations` itself, so that no transaction sees half of it
    end        the old tables are dropped, the old `generations` last: while it is there, a swap is not cleaned up

Until the swap the tables in use serve and are fed as ever; killed anywhere, the rebuild goes on or is dropped.
"""
